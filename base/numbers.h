// Numbers out of text, whole or not at all.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace lambdaforge {

// "12" -> 12, "1e-3" -> 0.001, "nan", "-inf"; nullopt when `text` is anything else ("", " 1", "+1",
// "1x", "1.5" for an integer) or out of range. Knows no locale.
template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed != end) return std::nullopt;
  return number;
}

}  // namespace lambdaforge
