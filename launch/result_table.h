// What a training was worth, for the end of its output.
#pragma once

#include <string>

#include "trainer/trainer.h"

namespace lambdaforge::launch {

// One column a data set and one for the mean; one row each for the first stage (BM25), the
// untrained model (where the run evaluated before its first step) and the best one; then the paths
// of the best checkpoint and the final model. Without an evaluator, the paths only.
std::string result_table(const trainer::TrainResult& result);

}  // namespace lambdaforge::launch
