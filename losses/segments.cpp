#include "losses/segments.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "losses/named.h"

namespace lambdaforge::losses {

std::vector<int64_t> descending_order(std::span<const double> values) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) {
    return values[a] > values[b] || (std::isnan(values[b]) && !std::isnan(values[a]));
  });
  return order;
}

std::vector<double> gather(std::span<const double> values, std::span<const int64_t> order) {
  std::vector<double> gathered(order.size());
  std::ranges::transform(order, gathered.begin(), [&](int64_t index) { return values[index]; });
  return gathered;
}

std::vector<double> inverse_discounts(int64_t size) {
  std::vector<double> discounts(size);
  for (int64_t p = 0; p < size; ++p) discounts[p] = 1 / std::log2(2.0 + static_cast<double>(p));
  return discounts;
}

double log_add_exp(double a, double b) {
  if (std::isnan(b)) return b;  // std::max and std::min would pass over it
  const double larger = std::max(a, b), smaller = std::min(a, b);
  return std::isinf(smaller) ? larger : larger + std::log1p(std::exp(smaller - larger));
}

double log_sum_exp(std::span<const double> values) {
  double total = -std::numeric_limits<double>::infinity();
  for (const double value : values) total = log_add_exp(total, value);
  return total;
}

double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

double log_sigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}

Gain find_gain(std::string_view name) {
  static const NamedTable<Gain> table = {{"exponential", Gain::kExponential},
                                         {"linear", Gain::kLinear}};
  return find_named("gain", name, table);
}

std::vector<double> normalized_gains(std::span<const double> labels, std::optional<int64_t> k,
                                     double eps, Gain gain) {
  if (labels.empty()) return {};
  // Numerator and denominator of exponential gains are both divided by 2^top, so that the largest
  // power is 2^0.
  const bool is_linear = gain == Gain::kLinear;
  const double top = is_linear ? 0 : std::max(0.0, *std::ranges::max_element(labels));
  const double one = std::exp2(-top);
  std::vector<double> gains(labels.size());
  std::ranges::transform(labels, gains.begin(), [&](double label) {
    const double y = std::max(label, 0.0);
    return is_linear ? y : std::exp2(y - top) - one;
  });

  std::vector<double> ideal = gains;
  std::ranges::sort(ideal, std::greater{});
  if (k) ideal.resize(std::min<size_t>(ideal.size(), *k));
  const std::vector<double> discounts = inverse_discounts(static_cast<int64_t>(ideal.size()));
  const double ideal_dcg = std::inner_product(ideal.begin(), ideal.end(), discounts.begin(), 0.0);

  const double scale = std::max(ideal_dcg, eps * one);
  for (double& gain : gains) gain /= scale;
  return gains;
}

}  // namespace lambdaforge::losses
