#include "experiments/tensorboard/record.h"

#include <isa-l/crc.h>

#include <bit>

namespace lambdaforge::experiments::tensorboard {
namespace {

constexpr uint32_t kMaskDelta = 0xa282ead8;

template <class Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

uint32_t masked_crc32c(std::string_view bytes) {
  // ISA-L reads only; its parameter has no const.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  const uint32_t crc = ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0u);
  return std::rotr(crc, 15) + kMaskDelta;
}

std::string frame(std::string_view payload) {
  const std::string length = little_endian(static_cast<uint64_t>(payload.size()));
  std::string record = length + little_endian(masked_crc32c(length));
  record += payload;
  return record + little_endian(masked_crc32c(payload));
}

}  // namespace lambdaforge::experiments::tensorboard
