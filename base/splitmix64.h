// SplitMix64 (Steele, Lea & Flood 2014): random bits for a nanosecond a word, the same on every
// machine.
#pragma once

#include <cstdint>

namespace lambdaforge {

constexpr uint64_t kSplitMixIncrement = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, odd

// Mixes a word so that near inputs have unrelated outputs.
constexpr uint64_t splitmix64(uint64_t x) {
  x += kSplitMixIncrement;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// The generator: a counter, mixed.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t operator()() {
    const uint64_t word = splitmix64(state_);
    state_ += kSplitMixIncrement;
    return word;
  }

 private:
  uint64_t state_;
};

}  // namespace lambdaforge
