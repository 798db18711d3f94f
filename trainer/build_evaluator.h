// The evaluator that a recipe, or the command line, asks for.
#pragma once

#include <memory>

#include "evaluators/evaluator.h"
#include "models/pretrained.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

// Reads the data sets that `config` names; several evaluators run one after the other, NanoBEIR
// last, so that its mean is the primary metric. nullptr where none is named. The figures on pairs
// are those of scores activated as the model's predict does it.
// Throws std::invalid_argument when a model of several labels shall rank or correlate, and what the
// readers and evaluators throw.
std::unique_ptr<evaluators::Evaluator> build_evaluator(const EvaluationConfig& config,
                                                       const models::Pretrained& pretrained);

}  // namespace lambdaforge::trainer
