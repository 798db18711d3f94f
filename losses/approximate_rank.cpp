#include "losses/approximate_rank.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "losses/check.h"
#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

// sigmoid(alpha (s_j - s_i)): how surely document j stands above document i.
double above(double score_j, double score_i, double alpha) {
  return sigmoid(alpha * (score_j - score_i));
}

std::vector<double> approximate_ranks(std::span<const double> scores, double alpha) {
  std::vector<double> ranks(scores.size(), 1.0);
  for (size_t i = 0; i < scores.size(); ++i)
    for (size_t j = 0; j < scores.size(); ++j)
      if (j != i) ranks[i] += above(scores[j], scores[i], alpha);
  return ranks;
}

// From d sum / d ranks to d sum / d scores.
void add_score_gradient(std::span<const double> scores, double alpha,
                        std::span<const double> rank_gradient, std::span<double> gradient) {
  for (size_t i = 0; i < scores.size(); ++i)
    for (size_t j = 0; j < scores.size(); ++j) {
      if (j == i) continue;
      const double p = above(scores[j], scores[i], alpha);
      const double slope = rank_gradient[i] * alpha * p * (1 - p);
      gradient[j] += slope;
      gradient[i] -= slope;
    }
}

// Ranks by label, from 1; equal labels share the mean of theirs.
std::vector<double> target_ranks(std::span<const double> labels) {
  std::vector<double> ranks(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto higher = std::ranges::count_if(labels, [&](double y) { return y > labels[i]; });
    const auto equal = std::ranges::count(labels, labels[i]);
    ranks[i] = static_cast<double>(higher) + (static_cast<double>(equal) + 1) / 2;
  }
  return ranks;
}

struct AdrMse {
  double alpha;

  ListTerm operator()(std::span<const double> scores, std::span<const double> labels,
                      std::span<double> gradient) const {
    const std::vector<double> targets = target_ranks(labels);
    const std::vector<double> ranks = approximate_ranks(scores, alpha);
    std::vector<double> rank_gradient(scores.size());
    ListTerm term{.sum = 0, .count = static_cast<double>(scores.size())};
    for (size_t i = 0; i < scores.size(); ++i) {
      const double error = targets[i] - ranks[i];
      const double discount = 1 / std::log2(1 + targets[i]);
      term.sum += error * error * discount;
      rank_gradient[i] = -2 * error * discount;
    }
    add_score_gradient(scores, alpha, rank_gradient, gradient);
    return term;
  }
};

struct ApproxNdcg {
  double alpha, eps;
  Gain gain;

  ListTerm operator()(std::span<const double> scores, std::span<const double> labels,
                      std::span<double> gradient) const {
    if (scores.empty()) return {};
    const std::vector<double> gains = normalized_gains(labels, std::nullopt, eps, gain);
    const std::vector<double> ranks = approximate_ranks(scores, alpha);
    std::vector<double> rank_gradient(scores.size());
    ListTerm term{.sum = 0, .count = 1};
    for (size_t i = 0; i < scores.size(); ++i) {
      const double discount = std::log2(1 + ranks[i]);
      term.sum -= gains[i] / discount;
      rank_gradient[i] = gains[i] / (discount * discount * (1 + ranks[i]) * std::numbers::ln2);
    }
    add_score_gradient(scores, alpha, rank_gradient, gradient);
    return term;
  }
};

}  // namespace

Loss build_adr_mse_loss(const LossOptions& options) {
  check_option(options.alpha > 0, options, "alpha", options.alpha, "a finite positive number");
  return sum_over_lists(AdrMse{options.alpha});
}

Loss build_approx_ndcg_loss(const LossOptions& options) {
  check_option(options.alpha > 0, options, "alpha", options.alpha, "a finite positive number");
  check_option(options.eps > 0, options, "eps", options.eps, "a finite positive number");
  return sum_over_lists(ApproxNdcg{options.alpha, options.eps, find_gain(options.gain)});
}

}  // namespace lambdaforge::losses
