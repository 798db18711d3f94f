#include "losses/pairwise.h"

#include "losses/lambda.h"
#include "losses/named.h"
#include "losses/per_list.h"

namespace lambdaforge::losses {
namespace {

ListTerm hinge(std::span<const double> scores, std::span<const double> labels,
               std::span<double> gradient) {
  ListTerm total;
  for (size_t i = 0; i < scores.size(); ++i)
    for (size_t j = 0; j < scores.size(); ++j) {
      if (!(labels[i] > labels[j])) continue;
      const double difference = scores[i] - scores[j];
      total.count += 1;
      if (difference >= 1) continue;
      total.sum += 1 - difference;
      gradient[i] -= 1;
      gradient[j] += 1;
    }
  return total;
}

ListTerm margin_mse(std::span<const double> scores, std::span<const double> labels,
                    std::span<double> gradient) {
  ListTerm total;
  for (size_t i = 1; i < scores.size(); ++i) {
    const double error = (scores[0] - scores[i]) - (labels[0] - labels[i]);
    total.sum += error * error;
    total.count += 1;
    gradient[0] += 2 * error;
    gradient[i] -= 2 * error;
  }
  return total;
}

}  // namespace

Loss build_pairwise_hinge_loss(const LossOptions&) {
  return sum_over_lists(hinge);
}

Loss build_pairwise_logistic_loss(const LossOptions& options) {
  return build_rank_net_loss({.name = options.name, .reduction_log = "natural"});
}

Loss build_margin_mse_loss(const LossOptions&) {
  return sum_over_lists(margin_mse);
}

}  // namespace lambdaforge::losses
