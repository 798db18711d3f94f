// The contract of every loss: a differentiable function of (scores, labels, lists) that returns a
// sum and a count.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace lambdaforge::losses {

// Where each list ends: list q holds the pairs [offsets[q], offsets[q + 1]).
struct ListOffsets {
  std::vector<int64_t> offsets{0};  // [lists + 1]

  int64_t num_lists() const { return static_cast<int64_t>(offsets.size()) - 1; }
  int64_t num_pairs() const { return offsets.back(); }
};

// The loss is sum / count. Ranks and micro-batches add their sums and their counts and divide once,
// so that the result is the one of the whole batch. A count of 0 (nothing to learn) means a loss of
// 0.
struct LossTerm {
  at::Tensor sum;  // scalar, carries the gradient
  double count = 0;
};

// scores [pairs] float32 or float64, or [pairs, classes] for a loss over classes (LossNeeds);
// labels [pairs] of the same type; both on one device.
// Throws std::invalid_argument when the lengths differ from lists.num_pairs() or a label is not
// finite.
using Loss = std::function<LossTerm(const at::Tensor& scores, const at::Tensor& labels,
                                    const ListOffsets& lists)>;

}  // namespace lambdaforge::losses
