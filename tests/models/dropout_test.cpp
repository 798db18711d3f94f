#include "models/ops/dropout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "models/ops/dropout_mask.h"
#include "models/ops/philox.h"

namespace lambdaforge::models {
namespace {

constexpr DropoutSite kSite{{42, 3}, 1, 2, 0.1};

std::vector<float> multipliers(const DropoutSite& site, uint32_t pair_key, int64_t first,
                               int64_t count) {
  std::vector<float> buffer(dropout_buffer_size(count));
  const float* drawn = draw_dropout(site, pair_key, first, count, buffer.data());
  return {drawn, drawn + count};
}
std::vector<float> multipliers(const DropoutSite& site, uint32_t pair_key, int64_t count) {
  return multipliers(site, pair_key, 0, count);
}

Packing pack(std::vector<int64_t> offsets, std::vector<uint32_t> keys) {
  return {std::move(offsets), std::move(keys)};
}

// Known answers of the Random123 distribution, kat_vectors, philox4x32-10.
TEST(Philox, EqualsItsKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, 0), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Dropout, DropsTheAskedShareAndKeepsTheMean) {
  const auto values = multipliers(kSite, 0, 100000);
  const double dropped = std::count(values.begin(), values.end(), 0.0f) / 1e5;
  EXPECT_NEAR(dropped, 0.1, 0.005);
  const double probability = 6554 / 65536.0;  // 0.1 in steps of 1/65536
  EXPECT_FLOAT_EQ(*std::max_element(values.begin(), values.end()),
                  static_cast<float>(1 / (1 - probability)));
}

TEST(Dropout, MasksDifferByEveryPartOfTheirKey) {
  const auto mask = multipliers(kSite, 5, 64);
  DropoutSite other = kSite;
  EXPECT_NE(multipliers(kSite, 6, 64), mask);
  other.key.seed = 43;
  EXPECT_NE(multipliers(other, 5, 64), mask);
  other = kSite, other.key.step = 4;
  EXPECT_NE(multipliers(other, 5, 64), mask);
  other = kSite, other.layer = 0;
  EXPECT_NE(multipliers(other, 5, 64), mask);
  other = kSite, other.site = 1;
  EXPECT_NE(multipliers(other, 5, 64), mask);
  EXPECT_EQ(multipliers(kSite, 5, 64), mask);
}

TEST(Dropout, APartOfAMaskIsThatPart) {
  const auto whole = multipliers(kSite, 9, 700);
  for (const int64_t first : {0, 1, 127, 128, 300})
    EXPECT_TRUE(
        std::ranges::equal(multipliers(kSite, 9, first, 390), std::span(whole).subspan(first, 390)))
        << first;
}

TEST(Dropout, TensorOperationsDrawTheSameMask) {
  const auto expected = multipliers(kSite, 9, 4099);
  const at::Tensor drawn = dropout_multipliers(kSite, 9, 4099, at::kCPU);
  EXPECT_TRUE(at::allclose(drawn, at::tensor(expected), 0, 1e-7));
}

TEST(Dropout, AMaskBelongsToItsPairWhateverTheBatch) {
  const at::Tensor x = at::ones({5, 3});
  const at::Tensor together = dropout(x, pack({0, 2, 5}, {10, 11}), kSite);
  const at::Tensor alone = dropout(x.narrow(0, 2, 3), pack({0, 3}, {11}), kSite);
  EXPECT_TRUE(together.narrow(0, 2, 3).equal(alone));
}

TEST(Dropout, GradientPassesTheSameMask) {
  const at::Tensor x = at::ones({4, 8}).set_requires_grad(true);
  const at::Tensor y = dropout(x, pack({0, 1, 4}, {0, 1}), kSite);
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y));
}

}  // namespace
}  // namespace lambdaforge::models
