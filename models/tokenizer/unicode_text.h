// UTF-8 text: checked once at the door, decoded without checks from then on.
#pragma once

#include <unicode/utf8.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace lambdaforge::models {

bool is_ascii(std::string_view text);

// Throws std::invalid_argument that names the first byte that is not UTF-8.
void check_utf8(std::string_view text);

// The code point at byte `at` of checked text; moves `at` behind it.
inline char32_t next_code_point(std::string_view text, size_t& at) {
  char32_t code_point = 0;
  U8_NEXT_UNSAFE(text.data(), at, code_point);
  return code_point;
}

// The code point before byte `at` (> 0) of checked text.
inline char32_t previous_code_point(std::string_view text, size_t at) {
  char32_t code_point = 0;
  U8_PREV_UNSAFE(text.data(), at, code_point);
  return code_point;
}

inline void append_utf8(char32_t code_point, std::string& text) {
  char bytes[U8_MAX_LENGTH];
  size_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, code_point);
  text.append(bytes, length);
}

size_t count_code_points(std::string_view text);

}  // namespace lambdaforge::models
