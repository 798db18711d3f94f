// Losses on two small lists, against sentence-transformers 6.2.0 (six decimals of what it computes
// in float32) or the formula written out.
#include <ATen/ATen.h>
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

TEST(Golden, NeuralNdcg) {
  // Scores 1 and 0, the second is relevant: it stands first with the probability p, second with
  // 1 - p, and no scaling is needed.
  const double p = 1 / (1 + std::exp(1.0));
  EXPECT_NEAR(loss_of({.name = "NeuralNDCGLoss"}, one_list({1, 0}, {0, 1})),
              -(p + (1 - p) / std::log2(3)), 1e-12);
  EXPECT_NEAR(loss_of({.name = "NeuralNDCGLoss", .k = 1}, one_list({1, 0}, {0, 1})), -p, 1e-12);
  const double sharp = 1 / (1 + std::exp(10.0));
  EXPECT_NEAR(loss_of({.name = "NeuralNDCGLoss", .temperature = 0.1}, one_list({1, 0}, {0, 1})),
              -(sharp + (1 - sharp) / std::log2(3)), 1e-12);
}

TEST(Golden, NeuralNdcgOfListsWithoutARelevantDocumentCountsNothing) {
  EXPECT_EQ(evaluate(build_loss({.name = "NeuralNDCGLoss"}), one_list({1, 0}, {0, 0})).count, 0);
}

TEST(Golden, MarginMse) {
  const Batch one_negative{
      .scores = {0.3, -1.2, 2.0, 0.3}, .labels = {1.0, 0.5, 0.2, 1.0}, .offsets = {0, 2, 4}};
  EXPECT_NEAR(loss_of({.name = "MarginMSELoss"}, one_negative),
              (std::pow(1.5 - 0.5, 2) + std::pow(1.7 + 0.8, 2)) / 2, 1e-12);
}

TEST(Golden, MultipleNegativesRanking) {
  // Three queries, whose positives all have the query's own score: the positive against two others.
  const Batch batch{.scores = {0.3, -1.2, 2.0, -1.2, 0.3, 2.0, 2.0, 0.3, -1.2},
                    .labels = {1, 0, 0, 1, 0, 0, 1, 0, 0},
                    .offsets = {0, 3, 6, 9}};
  EXPECT_NEAR(loss_of({.name = "MultipleNegativesRankingLoss"}, batch), 3.232696, kPeerRounding);
  EXPECT_EQ(loss_of({.name = "CachedMultipleNegativesRankingLoss"}, batch),
            loss_of({.name = "MultipleNegativesRankingLoss"}, batch));
  EXPECT_NEAR(loss_of({.name = "MultipleNegativesRankingLoss", .scale = 2, .activation_fn = "tanh"},
                      one_list({1, 0}, {1, 0})),
              std::log1p(std::exp(-2 * std::tanh(1.0))), 1e-12);
}

TEST(Golden, CrossEntropy) {
  const at::Tensor logits =
      at::tensor({0.1, 0.2, 0.7, 1.0, -1.0, 0.0}, at::kDouble).reshape({2, 3}).requires_grad_();
  const at::Tensor classes = at::tensor({2.0, 0.0}, at::kDouble);
  const Loss loss = build_loss({.name = "CrossEntropyLoss"});
  const LossTerm term = loss(logits, classes, {{0, 1, 2}});
  EXPECT_EQ(term.count, 2);
  EXPECT_NEAR(term.sum.item<double>() / 2, 0.587778, kPeerRounding);
  term.sum.backward();
  const double normalizer = std::exp(0.1) + std::exp(0.2) + std::exp(0.7);
  EXPECT_NEAR(logits.grad()[0][2].item<double>(), std::exp(0.7) / normalizer - 1, 1e-12);
  EXPECT_THROW(loss(logits, at::tensor({3.0, 0.0}, at::kDouble), {{0, 1, 2}}),
               std::invalid_argument);
  EXPECT_THROW(loss(logits, at::tensor({0.5, 0.0}, at::kDouble), {{0, 1, 2}}),
               std::invalid_argument);
  EXPECT_THROW(loss(logits.flatten(), classes, {{0, 1, 2}}), std::invalid_argument);
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
        LossOptions{.name = "BinaryCrossEntropyLoss", .pos_weight = -1},
        LossOptions{.name = "NeuralNDCGLoss", .temperature = 0},
        LossOptions{.name = "MultipleNegativesRankingLoss", .scale = 0},
        LossOptions{.name = "MultipleNegativesRankingLoss", .num_negatives = -2}}) {
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
