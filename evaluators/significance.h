// Is the difference between two systems on the same queries real, or would chance do as well?
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lambdaforge::evaluators {

// In what follows `differences` holds one value a query, b - a.

// Student's paired t-test: t = mean / (s / sqrt(n)), s the standard deviation with n - 1.
struct TTest {
  double statistic;
  double degrees_of_freedom;
  double p_value;  // two-sided
};
// nullopt: fewer than two queries, or all differ by the same amount, so nothing varies.
std::optional<TTest> paired_t_test(std::span<const double> differences);

struct ResamplingOptions {
  size_t resamples = 100000;
  uint64_t seed = 42;
  double confidence = 0.95;  // of the interval, in (0, 1)
};

// Fisher's randomisation test (Smucker, Allan & Carterette 2007): were the systems equal, each
// difference could as well have the other sign. The p-value is the share of sign choices whose
// |mean| reaches the observed one.
struct RandomisationTest {
  double p_value;  // two-sided
  bool exact;      // every choice was counted; else random ones and the observed: (c + 1) / (r + 1)
};
// Exact where the choices are no more than the resamples; a difference of 0 has no sign to choose.
// No difference at all gives 1. Throws std::invalid_argument on no queries and on no resamples.
RandomisationTest paired_randomisation_test(std::span<const double> differences,
                                            const ResamplingOptions& options = {});

// The percentile bootstrap of the mean difference (Efron & Tibshirani 1993, chapter 13; Sakai 2006
// for retrieval): the resampled means' quantiles (1 -+ confidence) / 2, linear between neighbours.
struct Interval {
  double low, high;
};
// nullopt: fewer than two queries. Throws std::invalid_argument on no resamples and on a confidence
// outside (0, 1).
std::optional<Interval> bootstrap_interval(std::span<const double> differences,
                                           const ResamplingOptions& options = {});

// Cohen's d_z, mean / s, which Sakai (2014) asks to report beside every p-value; nullopt where
// paired_t_test has none.
std::optional<double> effect_size(std::span<const double> differences);

// All of it for one data set: a[queries] and b[queries], the same queries in the same order.
struct PairedComparison {
  size_t num_queries;
  double mean_a, mean_b;
  double mean_difference;     // b - a, as in everything below
  size_t wins, ties, losses;  // of b; a difference of rounding's size, 1e-12, is a tie
  std::optional<double> effect_size;
  std::optional<Interval> interval;
  std::optional<TTest> t_test;
  RandomisationTest randomisation_test;
};
// Throws std::invalid_argument on different lengths, a value that is no finite number, and what the
// tests refuse.
PairedComparison compare_paired(std::span<const double> a, std::span<const double> b,
                                const ResamplingOptions& options = {});

// Holm's step-down correction (Holm 1979): what `p_values` become, in their order, when they are
// looked at together. The chance that any of the true null hypotheses is rejected stays below the
// level that the result is held against.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace lambdaforge::evaluators
