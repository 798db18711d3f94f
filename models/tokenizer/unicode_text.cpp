#include "models/tokenizer/unicode_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/utf8.h"

namespace lambdaforge::models {

bool is_ascii(std::string_view text) {
  // No early exit, so the compiler reads sixteen bytes at a time.
  unsigned char seen = 0;
  for (const char byte : text) seen |= static_cast<unsigned char>(byte);
  return seen < 0x80;
}

void check_utf8(std::string_view text) {
  if (const auto at = invalid_utf8_byte(text))
    throw std::invalid_argument(
        fmt::format("the text is not UTF-8: byte {} of {} is 0x{:02x}; convert it to UTF-8 first",
                    *at, text.size(), static_cast<unsigned char>(text[*at])));
}

size_t count_code_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !U8_IS_TRAIL(byte); }));
}

}  // namespace lambdaforge::models
