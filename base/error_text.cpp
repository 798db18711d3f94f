#include "base/error_text.h"

#include <algorithm>
#include <string_view>

namespace lambdaforge {

std::string error_text(const std::exception& error) {
  const std::string_view message = error.what();
  return std::string(message.substr(
      0, std::min(message.find("\nException raised from "), message.find("\nframe #"))));
}

}  // namespace lambdaforge
