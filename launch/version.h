// What this program was built from.
#pragma once

#include <string_view>

namespace lambdaforge::launch {

// "lambdaforge 0.1.0" and, one a line, the version of every library; ends in a newline. Written
// down at build time, so that no library is loaded to answer.
extern const std::string_view kVersionText;

}  // namespace lambdaforge::launch
