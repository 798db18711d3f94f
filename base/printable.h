// Texts that somebody else wrote, for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace lambdaforge {

// What could steer a terminal or turn the reading order is shown as its escape: control characters
// ("\x1b", "\n"), C1 controls, bidirectional overrides, and bytes that are no UTF-8. The rest
// stays.
std::string printable(std::string_view text);

}  // namespace lambdaforge
