// Sums of resampled values, the core of tests that ask what chance would have done; the same for a
// seed on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lambdaforge::evaluators {

// +-v_1 +-v_2 ... +-v_n for every choice of signs: 2^n sums, the one with every + first.
std::vector<double> every_signed_sum(std::span<const double> values);

// `resamples` such sums with signs drawn by fair coins.
std::vector<double> random_signed_sums(std::span<const double> values, size_t resamples,
                                       uint64_t seed);

// `resamples` sums of as many values as there are, drawn with replacement (Efron 1979). An index
// is off an even chance by less than n / 2^32.
std::vector<double> bootstrap_sums(std::span<const double> values, size_t resamples, uint64_t seed);

}  // namespace lambdaforge::evaluators
