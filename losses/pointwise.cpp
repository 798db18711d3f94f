#include "losses/pointwise.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

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

void check_classes(const at::Tensor& scores, const at::Tensor& labels, const ListOffsets& lists) {
  if (scores.dim() != 2 || scores.size(0) != lists.num_pairs() ||
      labels.numel() != lists.num_pairs())
    throw std::invalid_argument(fmt::format(
        "scores [{}] and labels [{}] came, but the lists hold {} pairs: CrossEntropyLoss takes "
        "scores [pairs, classes] and one class a pair",
        fmt::join(scores.sizes(), ", "), fmt::join(labels.sizes(), ", "), lists.num_pairs()));
  const at::Tensor host = labels.to(at::kCPU, at::kDouble);
  const int64_t classes = scores.size(1);
  for (int64_t pair = 0; pair < host.numel(); ++pair) {
    const double label = host.const_data_ptr<double>()[pair];
    if (!(label >= 0 && label < static_cast<double>(classes) && label == std::floor(label)))
      throw std::invalid_argument(
          fmt::format("the label of pair {} is {}, but CrossEntropyLoss takes the number of a "
                      "class, 0 to {}",
                      pair, label, classes - 1));
  }
}

LossTerm cross_entropy(const at::Tensor& scores, const at::Tensor& labels,
                       const ListOffsets& lists) {
  check_classes(scores, labels, lists);
  const at::Tensor log_probabilities = at::log_softmax(scores, 1);  // [pairs, classes]
  const at::Tensor chosen = log_probabilities.gather(1, labels.to(at::kLong).unsqueeze(1));
  return {-chosen.sum(), static_cast<double>(lists.num_pairs())};
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

Loss build_cross_entropy_loss(const LossOptions&) {
  return cross_entropy;
}

}  // namespace lambdaforge::losses
