#include "losses/check.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace lambdaforge::losses {

void check_option(bool good, const LossOptions& options, std::string_view name, double value,
                  std::string_view expected) {
  if (good && std::isfinite(value)) return;
  throw std::invalid_argument(
      fmt::format("{} = {} came for {}, but it must be {}", name, value, options.name, expected));
}

}  // namespace lambdaforge::losses
