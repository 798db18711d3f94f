// Texts are UTF-8 from the file to the tokenizer.
#pragma once

#include <optional>
#include <string_view>

namespace lambdaforge {

// The 0-based position of the first byte that is no well-formed UTF-8 (Unicode 15, table 3-7: no
// overlong forms, no surrogates, nothing above U+10FFFF); nullopt when all of `text` is.
std::optional<size_t> invalid_utf8_byte(std::string_view text);

}  // namespace lambdaforge
