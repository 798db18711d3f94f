#include "models/ops/feed_forward.h"

#include <gtest/gtest.h>

#include "models/ops/feed_forward_cpu.h"
#include "tests/models/op_testing.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kRows = 21, kHidden = 24, kIntermediate = 52;

const PackingPtr kPacking = std::make_shared<const Packing>(Packing{{0, 1, 8, 21}, {4, 5, 6}});
const FeedForwardDropout kDropout{{{7, 2}, 1, 1, 0.2}, {{7, 2}, 1, 2, 0.3}};

struct Inputs {
  at::Tensor context = random_leaf({kRows, kHidden});
  at::Tensor residual = random_leaf({kRows, kHidden});
  FeedForwardWeights weights{{random_leaf({kHidden, kHidden}), random_leaf({kHidden})},
                             {random_leaf({kHidden}), random_leaf({kHidden}), 1e-12},
                             {random_leaf({kIntermediate, kHidden}), random_leaf({kIntermediate})},
                             {random_leaf({kHidden, kIntermediate}), random_leaf({kHidden})},
                             {random_leaf({kHidden}), random_leaf({kHidden}), 1e-6}};

  std::vector<at::Tensor> leaves() const {
    std::vector<at::Tensor> leaves = flatten(weights);
    leaves.insert(leaves.begin(), {context, residual});
    return leaves;
  }

  Inputs copy() const {
    std::vector<at::Tensor> tensors;
    for (const at::Tensor& tensor : flatten(weights)) tensors.push_back(copy_of_leaf(tensor));
    return {copy_of_leaf(context), copy_of_leaf(residual),
            unflatten(tensors, weights.attention_norm.eps, weights.output_norm.eps)};
  }
};

void compare_with_tensor_operations(const FeedForwardDropout& dropout) {
  at::manual_seed(2);
  const Inputs ours, theirs = ours.copy();
  expect_equal_results(
      feed_forward(ours.context, ours.residual, ours.weights, kPacking, dropout), ours.leaves(),
      feed_forward_anywhere(theirs.context, theirs.residual, theirs.weights, *kPacking, dropout),
      theirs.leaves());
}

TEST(FeedForward, EqualsTensorOperations) {
  compare_with_tensor_operations(FeedForwardDropout{});
}

TEST(FeedForward, EqualsTensorOperationsWithDropout) {
  compare_with_tensor_operations(kDropout);
}

TEST(FeedForward, WithoutAGraphGivesTheSame) {
  at::manual_seed(2);
  const Inputs inputs;
  const auto result = [&] {
    return feed_forward(inputs.context, inputs.residual, inputs.weights, kPacking, kDropout);
  };
  const at::Tensor with_graph = result();
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(with_graph.equal(result()));
}

}  // namespace
}  // namespace lambdaforge::models
