#include "losses/pointwise.h"

#include "losses/check.h"
#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

struct DocumentTerm {
  double value;
  double slope;  // d value / d score
};

// sum_over_lists for a loss to which lists mean nothing.
template <typename Term>
Loss sum_over_documents(Term document_term) {
  return sum_over_lists([document_term](std::span<const double> scores,
                                        std::span<const double> labels,
                                        std::span<double> gradient) {
    ListTerm total{.sum = 0, .count = static_cast<double>(scores.size())};
    for (size_t i = 0; i < scores.size(); ++i) {
      const DocumentTerm term = document_term(scores[i], labels[i]);
      total.sum += term.value;
      gradient[i] += term.slope;
    }
    return total;
  });
}

}  // namespace

Loss build_binary_cross_entropy_loss(const LossOptions& options) {
  check_option(options.pos_weight > 0, options, "pos_weight", options.pos_weight,
               "a finite positive number");
  return sum_over_documents([weight = options.pos_weight](double score, double label) {
    const double positive = weight * label, negative = 1 - label;
    return DocumentTerm{-positive * log_sigmoid(score) - negative * log_sigmoid(-score),
                        -positive * sigmoid(-score) + negative * sigmoid(score)};
  });
}

Loss build_mse_loss(const LossOptions&) {
  return sum_over_documents([](double score, double label) {
    const double error = score - label;
    return DocumentTerm{error * error, 2 * error};
  });
}

}  // namespace lambdaforge::losses
