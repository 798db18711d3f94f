#include "losses/list_net.h"

#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

ListTerm list_net(std::span<const double> scores, std::span<const double> labels,
                  std::span<double> gradient) {
  if (scores.empty()) return {};
  const double score_normalizer = log_sum_exp(scores);
  const double label_normalizer = log_sum_exp(labels);
  ListTerm term{.sum = 0, .count = 1};
  for (size_t i = 0; i < scores.size(); ++i) {
    const double target = std::exp(labels[i] - label_normalizer);
    const double log_predicted = scores[i] - score_normalizer;
    term.sum -= target * log_predicted;
    gradient[i] += std::exp(log_predicted) - target;
  }
  return term;
}

}  // namespace

Loss build_list_net_loss(const LossOptions&) {
  return sum_over_lists(list_net);
}

}  // namespace lambdaforge::losses
