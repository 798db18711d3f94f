// Losses on two small lists, against sentence-transformers 6.2.0 (six decimals of what it computes
// in float32) or the formula written out.
#include <gtest/gtest.h>

#include <cmath>

#include "losses/registry.h"
#include "tests/losses/loss_testing.h"

namespace lambdaforge::losses {
namespace {

using testing::Batch;
using testing::evaluate;
using testing::one_list;

constexpr double kPeerRounding = 2e-6;

const Batch kTwoLists{.scores = {0.3, -1.2, 2.0, 0.3, 5.0, -3.0, 0.1},
                      .labels = {1, 0, 0, 2, 0, 1, 0},
                      .offsets = {0, 4, 7}};

double loss_of(const LossOptions& options, const Batch& batch = kTwoLists) {
  return evaluate(build_loss(options), batch).loss();
}

TEST(Golden, ListNet) {
  EXPECT_NEAR(loss_of({.name = "ListNetLoss"}), 3.839761, kPeerRounding);
}

TEST(Golden, ListMle) {
  EXPECT_NEAR(loss_of({.name = "ListMLELoss"}), 4.381057, kPeerRounding);
}

TEST(Golden, PositionAwareListMle) {
  EXPECT_NEAR(loss_of({.name = "PListMLELoss"}), 1.516764, kPeerRounding);
  EXPECT_NEAR(loss_of({.name = "PListMLELoss", .respect_input_order = false}), 4.059782,
              kPeerRounding);
}

TEST(Golden, AdrMse) {
  EXPECT_NEAR(loss_of({.name = "ADRMSELoss"}), 1.404045, kPeerRounding);
}

TEST(Golden, BinaryCrossEntropy) {
  const Batch batch = one_list({0.3, -1.2, 2.0}, {1, 0, 1});
  EXPECT_NEAR(loss_of({.name = "BinaryCrossEntropyLoss"}, batch), 0.314855, kPeerRounding);
  EXPECT_NEAR(loss_of({.name = "BinaryCrossEntropyLoss", .pos_weight = 4}, batch), 0.996139,
              kPeerRounding);
}

TEST(Golden, Mse) {
  EXPECT_NEAR(loss_of({.name = "MSELoss"}, one_list({0.3, -1.2, 2.0}, {1, 0.5, 0.2})), 2.206667,
              kPeerRounding);
}

TEST(Golden, ApproxNdcg) {
  const double rank = 1 + 1 / (1 + std::exp(-1.0));  // of the relevant one, which stands 1 below
  EXPECT_NEAR(loss_of({.name = "ApproxNDCGLoss"}, one_list({1, 0}, {0, 1})),
              -1 / std::log2(1 + rank), 1e-12);
  const double steep = 1 + 1 / (1 + std::exp(-5.0));
  EXPECT_NEAR(loss_of({.name = "ApproxNDCGLoss", .alpha = 5}, one_list({1, 0}, {0, 1})),
              -1 / std::log2(1 + steep), 1e-12);
}

TEST(Golden, Pairwise) {
  const Batch batch = one_list({1, 0, 3}, {1, 2, 0});  // pairs: 1 over 0, 1 over 2, 0 over 2
  EXPECT_DOUBLE_EQ(loss_of({.name = "PairwiseHingeLoss"}, batch), (2 + 4 + 3) / 3.0);
  EXPECT_NEAR(
      loss_of({.name = "PairwiseLogisticLoss"}, batch),
      (std::log1p(std::exp(1.0)) + std::log1p(std::exp(3.0)) + std::log1p(std::exp(2.0))) / 3,
      1e-12);
}

TEST(Options, ThatALossCannotWorkWithAreNamed) {
  for (const LossOptions& options :
       {LossOptions{.name = "ADRMSELoss", .alpha = 0},
        LossOptions{.name = "ApproxNDCGLoss", .eps = 0},
        LossOptions{.name = "BinaryCrossEntropyLoss", .pos_weight = -1}}) {
    try {
      build_loss(options);
      FAIL() << options.name;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(options.name), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace lambdaforge::losses
