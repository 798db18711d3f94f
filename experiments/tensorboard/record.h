// The frame around each event in TensorBoard's files, which is TFRecord's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lambdaforge::experiments::tensorboard {

// CRC-32C (Castagnoli), turned and shifted so that a checksum of data with checksums in it stays
// useful (tensorflow/core/lib/hash/crc32c.h).
uint32_t masked_crc32c(std::string_view bytes);

// uint64 length, uint32 masked CRC of these eight bytes, payload, uint32 masked CRC of the payload;
// little-endian.
std::string frame(std::string_view payload);

}  // namespace lambdaforge::experiments::tensorboard
