// Whether a recipe's loss, model and evaluation fit together.
#pragma once

#include "losses/loss.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

// The recipe's loss. Throws std::invalid_argument that names the two keys that do not fit and says
// what would, and what build_loss throws.
losses::Loss make_loss(const Config& config);

}  // namespace lambdaforge::trainer
