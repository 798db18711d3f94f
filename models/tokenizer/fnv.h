// FNV-1a, 64 bits: a hash that grows byte by byte.
#pragma once

#include <cstdint>

namespace lambdaforge::models {

constexpr uint64_t kEmptyHash = 0xcbf29ce484222325;

constexpr uint64_t extend_hash(uint64_t hash, unsigned char byte) {
  return (hash ^ byte) * 0x100000001b3;
}

}  // namespace lambdaforge::models
