// Whether a recipe's loss, model and evaluation fit together.
#pragma once

#include "trainer/config.h"

namespace lambdaforge::trainer {

// Throws std::invalid_argument that names the two keys that do not fit and says what would.
void check_loss(const Config& config);

}  // namespace lambdaforge::trainer
