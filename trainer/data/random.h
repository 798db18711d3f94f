// Random order that is the same with every standard library: std::shuffle and the distributions are
// left to the implementation, std::mt19937_64 is not.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <utility>

namespace lambdaforge::trainer {

class Random {
 public:
  // Different (seed, stream) give unrelated sequences: both are mixed by splitmix64 (Steele et al.
  // 2014), since small seeds alone start mt19937_64 in similar states.
  Random(uint64_t seed, uint64_t stream);

  // Unbiased draw from [0, bound); bound > 0.
  uint64_t below(uint64_t bound);

  // Fisher-Yates.
  template <typename T>
  void shuffle(std::span<T> values) {
    for (size_t end = values.size(); end > 1; --end)
      std::swap(values[end - 1], values[static_cast<size_t>(below(end))]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace lambdaforge::trainer
