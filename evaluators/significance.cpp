#include "evaluators/significance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>

#include "evaluators/resampling.h"
#include "evaluators/student_t.h"

namespace lambdaforge::evaluators {
namespace {

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double mean_of(std::span<const double> values) {
  return sum_of(values) / static_cast<double>(values.size());
}

// With n - 1; 0 for fewer than two values and for equal ones.
double standard_deviation(std::span<const double> values) {
  if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end())
    return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

void check_resamples(size_t resamples) {
  if (resamples == 0) throw std::invalid_argument("at least 1 resample is needed, got 0");
}

// Of sorted values, between neighbours in proportion (Hyndman & Fan 1996, type 7: numpy's default).
double quantile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

std::vector<double> paired_differences(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size())
    throw std::invalid_argument(fmt::format(
        "paired tests need the same queries in both systems, got {} and {}", a.size(), b.size()));
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) {
    differences.push_back(b[i] - a[i]);
    if (!std::isfinite(differences.back()))
      throw std::invalid_argument(
          fmt::format("paired tests need finite values, got {} and {}", a[i], b[i]));
  }
  return differences;
}

}  // namespace

std::optional<TTest> paired_t_test(std::span<const double> differences) {
  const auto effect = effect_size(differences);
  if (!effect) return std::nullopt;
  const double t = *effect * std::sqrt(static_cast<double>(differences.size()));
  const auto degrees_of_freedom = static_cast<double>(differences.size() - 1);
  return TTest{t, degrees_of_freedom, student_t_two_sided(t, degrees_of_freedom)};
}

RandomisationTest paired_randomisation_test(std::span<const double> differences,
                                            const ResamplingOptions& options) {
  check_resamples(options.resamples);
  if (differences.empty()) throw std::invalid_argument("the randomisation test needs a query");
  std::vector<double> signed_ones(differences.begin(), differences.end());
  std::erase(signed_ones, 0);
  const bool exact =
      signed_ones.size() < 63 && size_t{1} << signed_ones.size() <= options.resamples;
  const std::vector<double> sums =
      exact ? every_signed_sum(signed_ones)
            : random_signed_sums(signed_ones, options.resamples, options.seed);
  // Sums that are equal on paper may differ by their rounding.
  double magnitude = 0;
  for (const double difference : signed_ones) magnitude += std::abs(difference);
  const double reached = std::abs(sum_of(signed_ones)) - 1e-12 * magnitude;
  const auto count = static_cast<double>(std::count_if(
      sums.begin(), sums.end(), [&](double sum) { return std::abs(sum) >= reached; }));
  // Random choices may miss the observed one, and a p-value of 0 would claim too much (Phipson &
  // Smyth 2010).
  const auto total = static_cast<double>(sums.size());
  return {exact ? count / total : (count + 1) / (total + 1), exact};
}

std::optional<Interval> bootstrap_interval(std::span<const double> differences,
                                           const ResamplingOptions& options) {
  check_resamples(options.resamples);
  if (!(options.confidence > 0 && options.confidence < 1))
    throw std::invalid_argument(
        fmt::format("the confidence must lie between 0 and 1, got {}", options.confidence));
  if (differences.size() < 2) return std::nullopt;
  std::vector<double> sums = bootstrap_sums(differences, options.resamples, options.seed);
  std::sort(sums.begin(), sums.end());
  const auto n = static_cast<double>(differences.size());
  return Interval{quantile(sums, (1 - options.confidence) / 2) / n,
                  quantile(sums, (1 + options.confidence) / 2) / n};
}

std::optional<double> effect_size(std::span<const double> differences) {
  const double deviation = standard_deviation(differences);
  return deviation > 0 ? std::optional(mean_of(differences) / deviation) : std::nullopt;
}

PairedComparison compare_paired(std::span<const double> a, std::span<const double> b,
                                const ResamplingOptions& options) {
  constexpr double kRounding = 1e-12;
  const std::vector<double> differences = paired_differences(a, b);
  const auto wins = static_cast<size_t>(std::count_if(
      differences.begin(), differences.end(), [](double value) { return value > kRounding; }));
  const auto losses = static_cast<size_t>(std::count_if(
      differences.begin(), differences.end(), [](double value) { return value < -kRounding; }));
  return {.num_queries = a.size(),
          .mean_a = mean_of(a),
          .mean_b = mean_of(b),
          .mean_difference = mean_of(differences),
          .wins = wins,
          .ties = a.size() - wins - losses,
          .losses = losses,
          .effect_size = effect_size(differences),
          .interval = bootstrap_interval(differences, options),
          .t_test = paired_t_test(differences),
          .randomisation_test = paired_randomisation_test(differences, options)};
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t left, size_t right) { return p_values[left] < p_values[right]; });
  std::vector<double> corrected(p_values.size());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const auto remaining = static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, remaining * p_values[order[rank]]));
    corrected[order[rank]] = largest;
  }
  return corrected;
}

}  // namespace lambdaforge::evaluators
