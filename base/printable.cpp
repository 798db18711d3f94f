#include "base/printable.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace lambdaforge {
namespace {

size_t length_of_sequence(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

bool is_harmless(std::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0) >= 0x20 && byte(0) != 0x7F;
  if (sequence.size() == 2) return byte(0) != 0xC2 || byte(1) >= 0xA0;  // U+0080 ... U+009F
  if (sequence.size() == 3 && byte(0) == 0xE2) {
    const bool is_override = byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE;  // U+202A ...
    const bool is_isolate = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;   // U+2066 ...
    return !is_override && !is_isolate;
  }
  return true;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  const auto escape = [&](std::string_view bytes) {
    for (const char c : bytes)
      shown += c == '\n' ? "\\n" : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  };
  while (!text.empty()) {
    const std::string_view sequence =
        text.substr(0, length_of_sequence(static_cast<unsigned char>(text[0])));
    if (invalid_utf8_byte(sequence)) {
      escape(text.substr(0, 1));
      text.remove_prefix(1);
      continue;
    }
    if (is_harmless(sequence))
      shown += sequence;
    else
      escape(sequence);
    text.remove_prefix(sequence.size());
  }
  return shown;
}

}  // namespace lambdaforge
