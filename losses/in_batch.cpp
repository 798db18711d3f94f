#include "losses/in_batch.h"

#include <cmath>
#include <vector>

#include "losses/check.h"
#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

struct FirstAgainstTheRest {
  double scale;

  ListTerm operator()(std::span<const double> scores, std::span<const double>,
                      std::span<double> gradient) const {
    if (scores.empty()) return {};
    std::vector<double> logits(scores.begin(), scores.end());
    for (double& logit : logits) logit *= scale;
    const double normalizer = log_sum_exp(logits);
    for (size_t i = 0; i < scores.size(); ++i)
      gradient[i] += scale * std::exp(logits[i] - normalizer);
    gradient[0] -= scale;
    return {.sum = normalizer - logits[0], .count = 1};
  }
};

}  // namespace

Loss build_multiple_negatives_ranking_loss(const LossOptions& options) {
  check_option(options.scale > 0, options, "scale", options.scale, "a finite positive number");
  const auto negatives = static_cast<double>(options.num_negatives);
  check_option(negatives >= -1, options, "num_negatives", negatives, "-1 (all) or a number >= 0");
  return sum_over_lists(FirstAgainstTheRest{options.scale});
}

}  // namespace lambdaforge::losses
