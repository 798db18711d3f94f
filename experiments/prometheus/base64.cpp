#include "experiments/prometheus/base64.h"

#include <cstdint>

namespace lambdaforge::experiments {
namespace {

std::string encode(std::string_view bytes, std::string_view last_two) {
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
  std::string text;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char byte : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xffff;
    num_bits += 8;
    while (num_bits >= 6) {
      num_bits -= 6;
      text += alphabet[bits >> num_bits & 63];
    }
  }
  if (num_bits > 0) text += alphabet[bits << (6 - num_bits) & 63];
  return text;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text = encode(bytes, "+/");
  text.resize((text.size() + 3) / 4 * 4, '=');
  return text;
}

std::string base64url(std::string_view bytes) {
  return encode(bytes, "-_");
}

}  // namespace lambdaforge::experiments
