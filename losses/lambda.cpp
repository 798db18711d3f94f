#include "losses/lambda.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "losses/check.h"
#include "losses/lambda_schemes.h"
#include "losses/named.h"
#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

// A term of the sum and its derivative with respect to s_i - s_j.
struct PairTerm {
  double value;
  double slope;
};

// log sigmoid(z) and its derivative sigmoid(-z), out of one exponential that cannot overflow. No
// difference is clamped: there is no padding whose score could be far away.
PairTerm log_sigmoid_term(double z) {
  const double e = std::exp(-std::abs(z));
  return {std::min(z, 0.0) - std::log1p(e), (z < 0 ? 1 : e) / (1 + e)};
}

PairTerm paper_term(double z, double weight, double) {
  const PairTerm log_p = log_sigmoid_term(z);
  return {weight * log_p.value, weight * log_p.slope};
}

// max(max(p, eps)^w, eps) in the logarithm; a term at its floor has no gradient.
PairTerm legacy_term(double z, double weight, double log_eps) {
  const PairTerm log_p = log_sigmoid_term(z);
  const double power = weight * std::max(log_p.value, log_eps);
  const bool floored = log_p.value < log_eps || power < log_eps;
  return {std::max(power, log_eps), floored ? 0 : weight * log_p.slope};
}

struct Semantics {
  PairTerm (*term)(double z, double weight, double log_eps);
  bool both_in_top_k;  // k keeps a pair when both of its documents, or one of them, are within it
};

const Semantics& find_semantics(const std::string& name) {
  static const NamedTable<Semantics> table = {
      {"paper", {.term = paper_term, .both_in_top_k = false}},
      {"legacy", {.term = legacy_term, .both_in_top_k = true}},
  };
  return find_named("semantics", name, table);
}

double find_log_unit(const std::string& name) {
  static const NamedTable<double> table = {{"binary", 1 / std::numbers::ln2}, {"natural", 1.0}};
  return find_named("reduction_log", name, table);
}

class LambdaList {
 public:
  explicit LambdaList(const LossOptions& options)
      : scheme_(find_lambda_scheme(options.weighting_scheme)),
        semantics_(find_semantics(options.semantics)),
        log_unit_(find_log_unit(options.reduction_log)),
        log_eps_(std::log(options.eps)),
        gain_(find_gain(options.gain)),
        options_(options) {}

  ListTerm operator()(std::span<const double> scores, std::span<const double> labels,
                      std::span<double> gradient) const {
    const RankedList list = rank(scores, labels);
    const int64_t top = std::min(options_.k.value_or(list.size()), list.size());
    const int64_t last_row = semantics_.both_in_top_k ? top : list.size();
    ListTerm total;
    for (int64_t i = 0; i < last_row; ++i) {
      const bool whole_row = i < top && !semantics_.both_in_top_k;
      add_row(list, i, whole_row ? list.size() : top, total, gradient);
    }
    return total;
  }

 private:
  RankedList rank(std::span<const double> scores, std::span<const double> labels) const {
    std::vector<int64_t> order = descending_order(scores);
    std::vector<double> ordered_labels = gather(labels, order);
    return {.order = order,
            .scores = gather(scores, order),
            .labels = ordered_labels,
            .gains = normalized_gains(ordered_labels, options_.k, options_.eps, gain_),
            .inverse_discounts = inverse_discounts(static_cast<int64_t>(scores.size()))};
  }

  // The pairs (i, 0), ..., (i, end - 1).
  void add_row(const RankedList& list, int64_t i, int64_t end, ListTerm& total,
               std::span<double> gradient) const {
    double row_slope = 0;
    for (int64_t j = 0; j < end; ++j) {
      if (!scheme_.all_pairs && list.labels[i] <= list.labels[j]) continue;
      const double weight = scheme_.weight(list, i, j, options_.mu);
      const PairTerm term =
          semantics_.term(options_.sigma * (list.scores[i] - list.scores[j]), weight, log_eps_);
      const double slope = log_unit_ * options_.sigma * term.slope;
      total.sum -= log_unit_ * term.value;
      total.count += 1;
      row_slope += slope;
      gradient[list.order[j]] += slope;
    }
    gradient[list.order[i]] -= row_slope;
  }

  LambdaScheme scheme_;
  Semantics semantics_;
  double log_unit_;  // 1 / ln of the base of the logarithm
  double log_eps_;
  Gain gain_;
  LossOptions options_;
};

}  // namespace

Loss build_lambda_loss(const LossOptions& options) {
  check_option(options.k.value_or(1) >= 1, options, "k", static_cast<double>(options.k.value_or(1)),
               "at least 1; leave it out to rank whole lists");
  check_option(options.mu >= 0, options, "mu", options.mu, "a finite number that is not negative");
  check_option(options.sigma > 0, options, "sigma", options.sigma, "a finite positive number");
  check_option(options.eps > 0, options, "eps", options.eps, "a finite positive number");
  return sum_over_lists(LambdaList(options));
}

Loss build_rank_net_loss(const LossOptions& options) {
  LossOptions unweighted = options;
  unweighted.weighting_scheme = "NoWeighting";
  return build_lambda_loss(unweighted);
}

}  // namespace lambdaforge::losses
