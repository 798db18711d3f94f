#include "losses/pairwise.h"

#include <algorithm>

#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

struct PairTerm {
  double value;
  double slope;  // d value / d (s_i - s_j)
};

template <typename Term>
Loss sum_over_pairs(Term pair_term) {
  return sum_over_lists([pair_term](std::span<const double> scores, std::span<const double> labels,
                                    std::span<double> gradient) {
    ListTerm total;
    for (size_t i = 0; i < scores.size(); ++i)
      for (size_t j = 0; j < scores.size(); ++j) {
        if (!(labels[i] > labels[j])) continue;
        const PairTerm term = pair_term(scores[i] - scores[j]);
        total.sum += term.value;
        total.count += 1;
        gradient[i] += term.slope;
        gradient[j] -= term.slope;
      }
    return total;
  });
}

}  // namespace

Loss build_pairwise_hinge_loss(const LossOptions&) {
  return sum_over_pairs([](double difference) {
    return PairTerm{std::max(0.0, 1 - difference), difference < 1 ? -1.0 : 0.0};
  });
}

Loss build_pairwise_logistic_loss(const LossOptions&) {
  return sum_over_pairs([](double difference) {
    return PairTerm{-log_sigmoid(difference), -sigmoid(-difference)};
  });
}

}  // namespace lambdaforge::losses
