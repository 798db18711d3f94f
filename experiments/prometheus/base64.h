// Bytes as text (RFC 4648).
#pragma once

#include <string>
#include <string_view>

namespace lambdaforge::experiments {

std::string base64(std::string_view bytes);     // section 4, padded: for HTTP's authentication
std::string base64url(std::string_view bytes);  // section 5, not padded: for paths

}  // namespace lambdaforge::experiments
