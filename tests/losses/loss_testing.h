// What the tests of the losses share: a batch of lists in, value and gradient out.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "losses/loss.h"

namespace lambdaforge::losses::testing {

struct Batch {
  std::vector<double> scores;
  std::vector<double> labels;
  std::vector<int64_t> offsets;
};

inline Batch one_list(std::vector<double> scores, std::vector<double> labels) {
  const auto size = static_cast<int64_t>(scores.size());
  return {.scores = std::move(scores), .labels = std::move(labels), .offsets = {0, size}};
}

struct Outcome {
  double sum;
  double count;
  std::vector<double> gradient;  // of the sum

  double loss() const { return count == 0 ? 0 : sum / count; }
};

inline at::Tensor vector_of(const std::vector<double>& values, at::ScalarType type = at::kDouble) {
  return at::tensor(values, at::kDouble).to(type);
}

inline Outcome evaluate(const Loss& loss, const Batch& batch, at::ScalarType type = at::kDouble) {
  const at::Tensor scores = vector_of(batch.scores, type).requires_grad_();
  const LossTerm term = loss(scores, vector_of(batch.labels, type), {batch.offsets});
  term.sum.backward();
  const at::Tensor gradient = scores.grad().to(at::kDouble);
  const double* data = gradient.const_data_ptr<double>();
  return {term.sum.item<double>(), term.count, {data, data + gradient.numel()}};
}

}  // namespace lambdaforge::losses::testing
