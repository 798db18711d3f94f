// One table: the name of a loss -> its builder.
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// The loss `options.name`, ready to be called from any thread.
// Throws std::invalid_argument on an unknown name (of the loss or in one of its options) and on an
// impossible value; the message says what was expected.
Loss build_loss(const LossOptions& options);

// The names it knows, sorted.
std::vector<std::string> loss_names();

}  // namespace lambdaforge::losses
