#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace lambdaforge {
namespace {

// Bytes of the well-formed sequence at the start of `text`, 0 when there is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !continues(1)) return 0;
  if (lead < 0xE0) return 2;
  if (!continues(2)) return 0;
  if (lead < 0xF0) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = lead == 0xF0 && byte(1) < 0x90;
  const bool too_large = lead == 0xF4 && byte(1) > 0x8F;
  return !continues(3) || overlong || too_large ? 0 : 4;
}

}  // namespace

std::optional<size_t> invalid_utf8_byte(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    uint64_t eight_bytes = 0;
    while (position + 8 <= text.size()) {  // ASCII, eight bytes at a time
      std::memcpy(&eight_bytes, text.data() + position, 8);
      if (eight_bytes & 0x8080808080808080) break;
      position += 8;
    }
    if (position == text.size()) break;
    const size_t length = sequence_length(text.substr(position));
    if (length == 0) return position;
    position += length;
  }
  return std::nullopt;
}

}  // namespace lambdaforge
