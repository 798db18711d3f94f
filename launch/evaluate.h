// The kinds of data that `lambdaforge evaluate` takes, and what they share.
#pragma once

#include "evaluators/evaluator.h"
#include "launch/options.h"
#include "models/pretrained.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::launch {

// Evaluates the model on every rank together; rank 0 warns about queries that cannot be ranked and
// leaves the kind's own files in options.output. The data is read before the model.
evaluators::Evaluation evaluate_nano(const EvaluateOptions& options,
                                     trainer::Communicator& communicator);
evaluators::Evaluation evaluate_beir(const EvaluateOptions& options,
                                     trainer::Communicator& communicator);

// On the rank's device. Throws std::invalid_argument on a model with several labels.
models::Pretrained load_reranker(const EvaluateOptions& options,
                                 const trainer::Communicator& communicator);

}  // namespace lambdaforge::launch
