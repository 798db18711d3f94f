// The kinds of data that `lambdaforge evaluate` takes, and what they share.
#pragma once

#include "evaluators/evaluator.h"
#include "launch/options.h"
#include "models/pretrained.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::launch {

// Evaluate the model on every rank together; rank 0 warns about queries that cannot be ranked and
// leaves the kind's own files in options.output. The first takes what a training run evaluates too:
// NanoBEIR data sets and labelled pairs.
evaluators::Evaluation evaluate_model(const EvaluateOptions& options,
                                      trainer::Communicator& communicator);
evaluators::Evaluation evaluate_beir(const EvaluateOptions& options,
                                     trainer::Communicator& communicator);

// On the rank's device.
models::Pretrained load_model(const EvaluateOptions& options,
                              const trainer::Communicator& communicator);

}  // namespace lambdaforge::launch
