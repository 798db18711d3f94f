#include "models/ops/self_attention.h"

#include <gtest/gtest.h>

#include "tests/models/op_testing.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kTokens = 31, kHidden = 32;

// Lengths 1, 7, 13, 5 and 5: above and below a vector, a tile of rows and a panel of columns.
const PackingPtr kPacking =
    std::make_shared<const Packing>(Packing{{0, 1, 8, 21, 26, 31}, {4, 5, 6, 7, 8}});

struct Inputs {
  at::Tensor hidden = random_leaf({kTokens, kHidden});
  Linear qkv{random_leaf({3 * kHidden, kHidden}), random_leaf({3 * kHidden})};

  std::vector<at::Tensor> leaves() const { return {hidden, qkv.weight, qkv.bias}; }
};

// The CPU kernels and plain tensor operations, forward and backward, on the same input.
void compare_with_tensor_operations(const SelfAttentionOptions& options) {
  at::manual_seed(1);
  const Inputs ours;
  const Inputs theirs{copy_of_leaf(ours.hidden),
                      {copy_of_leaf(ours.qkv.weight), copy_of_leaf(ours.qkv.bias)}};
  expect_equal_results(self_attention(ours.hidden, ours.qkv, kPacking, options), ours.leaves(),
                       self_attention_anywhere(theirs.hidden, theirs.qkv, *kPacking, options),
                       theirs.leaves());
}

TEST(SelfAttention, EqualsTensorOperations) {
  compare_with_tensor_operations({.num_heads = 4});
  compare_with_tensor_operations({.num_heads = 2});
  compare_with_tensor_operations({.num_heads = 1});
}

TEST(SelfAttention, EqualsTensorOperationsWithDropout) {
  compare_with_tensor_operations({.num_heads = 4, .dropout = {{7, 2}, 1, 0, 0.2}});
}

TEST(SelfAttention, OfFirstTokensEqualsTensorOperations) {
  compare_with_tensor_operations({.num_heads = 4, .queries = Queries::kFirstTokens});
  compare_with_tensor_operations(
      {.num_heads = 4, .queries = Queries::kFirstTokens, .dropout = {{7, 2}, 1, 0, 0.2}});
}

TEST(SelfAttention, OfHeadsThatFillNoVectorIsComputedToo) {
  compare_with_tensor_operations({.num_heads = 8});
}

TEST(SelfAttention, GradientEqualsFiniteDifferences) {
  at::manual_seed(3);
  const at::Tensor hidden = at::randn({kTokens, kHidden}, at::kDouble).set_requires_grad(true);
  const Linear qkv{at::randn({3 * kHidden, kHidden}, at::kDouble) * 0.3,
                   at::randn({3 * kHidden}, at::kDouble)};
  const at::Tensor direction = at::randn({kTokens, kHidden}, at::kDouble);
  const auto value = [&](const at::Tensor& x) {
    return (self_attention_anywhere(x, qkv, *kPacking, {.num_heads = 4}) * direction).sum();
  };
  value(hidden).backward();
  const at::Tensor step = at::randn_like(hidden) * 1e-6;
  const at::Tensor base = hidden.detach();
  const double difference = (value(base + step) - value(base - step)).item<double>() / 2;
  EXPECT_NEAR((hidden.grad() * step).sum().item<double>(), difference, 1e-8);
}

TEST(SelfAttention, PairsDoNotSeeEachOther) {
  at::manual_seed(1);
  const Inputs inputs;
  const at::Tensor hidden = inputs.hidden.detach();
  at::Tensor changed = hidden.clone();
  changed.narrow(0, 8, 13).normal_();
  const at::Tensor before = self_attention(hidden, inputs.qkv, kPacking, {.num_heads = 4});
  const at::Tensor after = self_attention(changed, inputs.qkv, kPacking, {.num_heads = 4});
  EXPECT_TRUE(before.narrow(0, 0, 8).equal(after.narrow(0, 0, 8)));
  EXPECT_TRUE(before.narrow(0, 21, 10).equal(after.narrow(0, 21, 10)));
  EXPECT_FALSE(before.narrow(0, 8, 13).equal(after.narrow(0, 8, 13)));
}

TEST(SelfAttention, WithoutAGraphGivesTheSame) {
  at::manual_seed(1);
  const Inputs inputs;
  const SelfAttentionOptions options{.num_heads = 4};
  const at::Tensor with_graph = self_attention(inputs.hidden, inputs.qkv, kPacking, options);
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(with_graph.equal(self_attention(inputs.hidden, inputs.qkv, kPacking, options)));
}

TEST(SelfAttention, OfNoPairsIsEmpty) {
  const auto nothing = std::make_shared<const Packing>(Packing{{0}, {}});
  const Inputs inputs;
  EXPECT_EQ(self_attention(at::empty({0, kHidden}), inputs.qkv, nothing, {.num_heads = 4}).size(0),
            0);
}

}  // namespace
}  // namespace lambdaforge::models
