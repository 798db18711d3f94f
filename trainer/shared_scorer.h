// Scores pairs of texts with all ranks together.
#pragma once

#include "evaluators/evaluator.h"
#include "models/pretrained.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

// A collective scorer [pairs, the model's labels]: the pairs are dealt out by length, so that every
// rank has as much to do, and every rank gets all the scores. Scores are raw logits in float32,
// without the activation: a sigmoid would only merge scores that differ. Remembers the token ids of
// the few lists of pairs it was last called with, since a run evaluates on the same pairs every
// time. `pretrained` and `communicator` must outlive it.
evaluators::Scorer make_shared_scorer(const models::Pretrained& pretrained,
                                      Communicator& communicator, int64_t batch_tokens);

}  // namespace lambdaforge::trainer
