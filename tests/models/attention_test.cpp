#include "models/ops/attention.h"

#include <gtest/gtest.h>

namespace lambdaforge::models {
namespace {

constexpr int64_t kHeads = 4, kHidden = 32;

const PackingPtr kPacking =
    std::make_shared<const Packing>(Packing{{0, 1, 8, 21, 26}, {4, 5, 6, 7}});

at::Tensor random_qkv() {
  at::manual_seed(1);
  return at::randn({26, 3 * kHidden}).set_requires_grad(true);
}

// The CPU kernel and plain tensor operations, forward and backward, on the same input.
void expect_equal_results(const DropoutSite& site) {
  const at::Tensor qkv = random_qkv(), other_qkv = random_qkv();
  const at::Tensor context = packed_attention(qkv, kPacking, kHeads, site);
  const at::Tensor expected = packed_attention_anywhere(other_qkv, *kPacking, kHeads, site);
  EXPECT_TRUE(at::allclose(context, expected, 1e-5, 1e-6));
  const at::Tensor direction = at::randn({26, kHidden});
  (context * direction).sum().backward();
  (expected * direction).sum().backward();
  EXPECT_TRUE(at::allclose(qkv.grad(), other_qkv.grad(), 1e-4, 1e-6));
}

TEST(PackedAttention, EqualsTensorOperations) {
  expect_equal_results({});
}

TEST(PackedAttention, EqualsTensorOperationsWithDropout) {
  expect_equal_results({{7, 2}, 1, 0, 0.2});
}

TEST(PackedAttention, GradientEqualsFiniteDifferences) {
  at::manual_seed(3);
  const at::Tensor qkv = at::randn({26, 3 * kHidden}, at::kDouble).set_requires_grad(true);
  const at::Tensor direction = at::randn({26, kHidden}, at::kDouble);
  const auto value = [&](const at::Tensor& x) {
    return (packed_attention(x, kPacking, kHeads, {}) * direction).sum();
  };
  value(qkv).backward();
  const at::Tensor step = at::randn_like(qkv) * 1e-6;
  const at::Tensor base = qkv.detach();
  const double difference = (value(base + step) - value(base - step)).item<double>() / 2;
  EXPECT_NEAR((qkv.grad() * step).sum().item<double>(), difference, 1e-9);
}

TEST(PackedAttention, PairsDoNotSeeEachOther) {
  const at::Tensor qkv = random_qkv().detach();
  at::Tensor changed = qkv.clone();
  changed.narrow(0, 8, 13).normal_();
  const at::Tensor before = packed_attention(qkv, kPacking, kHeads, {});
  const at::Tensor after = packed_attention(changed, kPacking, kHeads, {});
  EXPECT_TRUE(before.narrow(0, 0, 8).equal(after.narrow(0, 0, 8)));
  EXPECT_TRUE(before.narrow(0, 21, 5).equal(after.narrow(0, 21, 5)));
  EXPECT_FALSE(before.narrow(0, 8, 13).equal(after.narrow(0, 8, 13)));
}

TEST(PackedAttention, OfNoPairsIsEmpty) {
  const auto nothing = std::make_shared<const Packing>(Packing{{0}, {}});
  EXPECT_EQ(packed_attention(at::empty({0, 96}), nothing, kHeads, {}).size(0), 0);
}

}  // namespace
}  // namespace lambdaforge::models
