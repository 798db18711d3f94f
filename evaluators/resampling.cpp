#include "evaluators/resampling.h"

#include <algorithm>

#include "base/splitmix64.h"

namespace lambdaforge::evaluators {

std::vector<double> every_signed_sum(std::span<const double> values) {
  std::vector<double> sums = {0};
  for (const double value : values) {
    const size_t half = sums.size();
    sums.resize(2 * half);
    for (size_t i = 0; i < half; ++i) {
      sums[half + i] = sums[i] - value;
      sums[i] += value;
    }
  }
  return sums;
}

// Eight values at a time: a random byte picks one of their 256 sums, so a resample costs n / 8
// additions and n random bits.
std::vector<double> random_signed_sums(std::span<const double> values, size_t resamples,
                                       uint64_t seed) {
  constexpr size_t kGroup = 8;
  SplitMix64 random(seed);
  std::vector<double> sums(resamples);
  while (!values.empty()) {
    const size_t count = std::min(kGroup, values.size());
    const std::vector<double> group_sums = every_signed_sum(values.first(count));
    const uint64_t mask = group_sums.size() - 1;
    uint64_t bits = 0;
    for (size_t i = 0; i < resamples; ++i) {
      if (i % (64 / kGroup) == 0) bits = random();
      sums[i] += group_sums[bits & mask];
      bits >>= kGroup;
    }
    values = values.subspan(count);
  }
  return sums;
}

std::vector<double> bootstrap_sums(std::span<const double> values, size_t resamples,
                                   uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<double> sums(resamples);
  // The upper half of a 32-bit draw times n is an index (Lemire 2019); a word gives two.
  const auto pick = [&](uint64_t draw) { return values[(draw * values.size()) >> 32]; };
  for (double& sum : sums) {
    double first = 0, second = 0;  // two chains of additions: neither waits for the other
    for (size_t i = 0; i + 1 < values.size(); i += 2) {
      const uint64_t word = random();
      first += pick(word & 0xffffffff);
      second += pick(word >> 32);
    }
    if (values.size() % 2 == 1) first += pick(random() >> 32);
    sum = first + second;
  }
  return sums;
}

}  // namespace lambdaforge::evaluators
