#include "losses/list_mle.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

using Weights = std::vector<double> (*)(size_t size);

std::vector<double> equal_weights(size_t size) {
  return std::vector<double>(size, 1.0);
}

// Powers of two over a common 2^(n - 127), where n is larger: their ratios are what counts.
std::vector<double> position_weights(size_t size) {
  const double scale = std::max(0.0, static_cast<double>(size) - 127);
  std::vector<double> weights(size);
  for (size_t r = 0; r < size; ++r)
    weights[r] = std::exp2(static_cast<double>(size - 1 - r) - scale) - std::exp2(-scale);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0) + 1e-10;
  for (double& weight : weights) weight /= total;
  return weights;
}

std::vector<int64_t> right_order(std::span<const double> labels, bool is_input_order) {
  if (!is_input_order) return descending_order(labels);
  std::vector<int64_t> order(labels.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

class ListMle {
 public:
  ListMle(Weights weights, bool respect_input_order)
      : weights_(weights), respect_input_order_(respect_input_order) {}

  ListTerm operator()(std::span<const double> scores, std::span<const double> labels,
                      std::span<double> gradient) const {
    if (scores.empty()) return {};
    const std::vector<int64_t> order = right_order(labels, respect_input_order_);
    const std::vector<double> ordered = gather(scores, order);
    const std::vector<double> weights = weights_(ordered.size());

    std::vector<double> normalizers(ordered.size());  // log(e^s_r + ... + e^s_n)
    double normalizer = -std::numeric_limits<double>::infinity();
    for (size_t r = ordered.size(); r-- > 0;)
      normalizers[r] = normalizer = log_add_exp(ordered[r], normalizer);

    // d / d s_j of the terms r <= j: e^s_j times the sum of w_r e^-normalizer_r, in logarithms,
    // since only the product is sure not to overflow.
    ListTerm term{.sum = 0, .count = 1};
    double log_mass = -std::numeric_limits<double>::infinity();
    for (size_t r = 0; r < ordered.size(); ++r) {
      term.sum += weights[r] * (normalizers[r] - ordered[r]);
      log_mass = log_add_exp(log_mass, std::log(weights[r]) - normalizers[r]);
      gradient[order[r]] += std::exp(ordered[r] + log_mass) - weights[r];
    }
    return term;
  }

 private:
  Weights weights_;
  bool respect_input_order_;
};

}  // namespace

Loss build_list_mle_loss(const LossOptions& options) {
  return sum_over_lists(ListMle(equal_weights, options.respect_input_order));
}

Loss build_plist_mle_loss(const LossOptions& options) {
  return sum_over_lists(ListMle(position_weights, options.respect_input_order));
}

}  // namespace lambdaforge::losses
