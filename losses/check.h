// What a loss says about an option that it cannot work with.
#pragma once

#include <string_view>

#include "losses/options.h"

namespace lambdaforge::losses {

// Throws std::invalid_argument, which names the loss, the option and what came, unless `good` and
// finite.
void check_option(bool good, const LossOptions& options, std::string_view name, double value,
                  std::string_view expected);

}  // namespace lambdaforge::losses
