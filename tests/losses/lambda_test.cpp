#include "losses/lambda.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <random>

#include "tests/losses/loss_testing.h"

namespace lambdaforge::losses {
namespace {

using testing::Batch;
using testing::evaluate;
using testing::one_list;
using testing::Outcome;

const std::vector<std::string> kSchemes = {"NoWeighting", "NDCGLoss1", "NDCGLoss2", "NDCGLoss2PP",
                                           "LambdaRank"};
const std::vector<std::string> kSemantics = {"paper", "legacy"};

// -log2 sigmoid(z), as one writes it on paper.
double cost(double z) {
  return std::log2(1 + std::exp(-z));
}

Batch golden_batch() {
  return {.scores = {0.3, -1.2, 2.0, 0.3, 5.0, -3.0, 0.1},
          .labels = {1, 0, 0, 2, 0, 1, 0},
          .offsets = {0, 4, 7}};
}

Batch random_batch(const std::vector<int64_t>& sizes, uint32_t seed, double spread = 2) {
  std::mt19937 random(seed);
  std::normal_distribution<double> score(0, spread);
  std::uniform_int_distribution<int> label(0, 3);
  Batch batch{.scores = {}, .labels = {}, .offsets = {0}};
  for (const int64_t size : sizes) {
    for (int64_t i = 0; i < size; ++i) {
      batch.scores.push_back(score(random));
      batch.labels.push_back(label(random));
    }
    batch.offsets.push_back(static_cast<int64_t>(batch.scores.size()));
  }
  return batch;
}

// Calls test(options) for every scheme and semantics, whole lists and k = 2.
template <typename Test>
void for_all_options(Test test) {
  for (const auto& scheme : kSchemes)
    for (const auto& semantics : kSemantics)
      for (const std::optional<int64_t> k : {std::optional<int64_t>(), std::optional<int64_t>(2)}) {
        SCOPED_TRACE(scheme + " " + semantics + (k ? " k = 2" : ""));
        test(LossOptions{.weighting_scheme = scheme, .k = k, .semantics = semantics});
      }
}

void expect_finite(const Outcome& outcome) {
  EXPECT_TRUE(std::isfinite(outcome.sum));
  EXPECT_TRUE(std::ranges::all_of(outcome.gradient, [](double g) { return std::isfinite(g); }));
}

// --- Golden values: computed with sentence-transformers 6.2.0 (paper) and 6.1.0 (legacy) -----

struct Golden {
  std::string scheme;
  double whole_lists;  // both semantics
  double paper_k1;
  double legacy_k2;
};

constexpr double kPeerRounding = 2e-6;  // six decimals of a value computed in float32

class LambdaGolden : public ::testing::TestWithParam<Golden> {
 protected:
  double loss(std::optional<int64_t> k, const std::string& semantics) const {
    const LossOptions options{
        .weighting_scheme = GetParam().scheme, .k = k, .semantics = semantics};
    return evaluate(build_lambda_loss(options), golden_batch()).loss();
  }
};

TEST_P(LambdaGolden, AgreesWithThePeer) {
  EXPECT_NEAR(loss(std::nullopt, "paper"), GetParam().whole_lists, kPeerRounding);
  EXPECT_NEAR(loss(std::nullopt, "legacy"), GetParam().whole_lists, kPeerRounding);
  EXPECT_NEAR(loss(1, "paper"), GetParam().paper_k1, kPeerRounding);
  EXPECT_NEAR(loss(2, "legacy"), GetParam().legacy_k2, kPeerRounding);
}

INSTANTIATE_TEST_SUITE_P(Schemes, LambdaGolden,
                         ::testing::Values(Golden{"NoWeighting", 3.292631, 5.643778, 2.694646},
                                           Golden{"NDCGLoss1", 0.458589, 0.640421, 0.080250},
                                           Golden{"NDCGLoss2", 0.579008, 0.731837, 0.273901},
                                           Golden{"NDCGLoss2PP", 6.912479, 9.801654, 3.012906},
                                           Golden{"LambdaRank", 1.122401, 2.483283, 0.273901}),
                         [](const auto& info) { return info.param.scheme; });

TEST(LambdaLoss, GradientAgreesWithThePeer) {
  const std::vector<double> expected = {0.006447, 0.132435,  0.455354, -0.594236,
                                        0.37277,  -1.126453, 0.753683};
  for (const auto& semantics : kSemantics) {
    const auto outcome = evaluate(build_lambda_loss({.semantics = semantics}), golden_batch());
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(outcome.gradient[i] / outcome.count, expected[i], kPeerRounding);
  }
}

// --- Formulas on two documents ---------------------------------------------------------------

// The relevant document scores 1 and stands at position 2, the other one scores 3.
double two_documents(const LossOptions& options) {
  return evaluate(build_lambda_loss(options), one_list({1, 3}, {1, 0})).sum;
}

TEST(LambdaLoss, NoWeightingIsTheLogisticLoss) {
  EXPECT_DOUBLE_EQ(two_documents({.weighting_scheme = "NoWeighting"}), cost(1 - 3));
}

TEST(LambdaLoss, SigmaScalesTheDifference) {
  EXPECT_DOUBLE_EQ(two_documents({.weighting_scheme = "NoWeighting", .sigma = 0.5}),
                   cost(0.5 * (1 - 3)));
}

TEST(LambdaLoss, NaturalReductionIsInNats) {
  EXPECT_DOUBLE_EQ(two_documents({.weighting_scheme = "NoWeighting", .reduction_log = "natural"}),
                   std::log(1 + std::exp(2.0)));
}

TEST(LambdaLoss, WeightsOfTwoDocumentsAreDiscountDifferences) {
  const double swap = 1 / std::log2(2) - 1 / std::log2(3);
  EXPECT_DOUBLE_EQ(two_documents({.weighting_scheme = "LambdaRank"}), swap * cost(-2));
  EXPECT_DOUBLE_EQ(two_documents({.weighting_scheme = "NDCGLoss2"}), swap * cost(-2));
  EXPECT_DOUBLE_EQ(two_documents({.weighting_scheme = "NDCGLoss2PP", .mu = 4}),
                   (4 + 1) * swap * cost(-2));
}

TEST(LambdaLoss, NDCGLoss1WeighsEveryPairByItsFirstDocument) {
  const auto outcome =
      evaluate(build_lambda_loss({.weighting_scheme = "NDCGLoss1"}), one_list({1, 3}, {1, 0}));
  EXPECT_DOUBLE_EQ(outcome.sum, (cost(1 - 3) + cost(1 - 1)) / std::log2(3));
  EXPECT_DOUBLE_EQ(outcome.count, 2 * 2);
}

TEST(LambdaLoss, GradientOfTwoDocumentsIsTheSigmoid) {
  const auto outcome =
      evaluate(build_lambda_loss({.weighting_scheme = "NoWeighting"}), one_list({1, 3}, {1, 0}));
  const double slope = 1 / (1 + std::exp(1.0 - 3)) / std::numbers::ln2;
  EXPECT_DOUBLE_EQ(outcome.gradient[0], -slope);
  EXPECT_DOUBLE_EQ(outcome.gradient[1], slope);
}

TEST(LambdaLoss, LegacyFloorsTheProbabilityAndItsPower) {
  const double eps = 0.1;
  const auto legacy = [&](double score, double label_gain_weight) {
    const LossOptions options{.weighting_scheme = "NDCGLoss2PP",
                              .mu = label_gain_weight,
                              .eps = eps,
                              .semantics = "legacy"};
    return evaluate(build_lambda_loss(options), one_list({score, 0}, {1, 0}));
  };
  const double swap = 1 - 1 / std::log2(3);
  EXPECT_DOUBLE_EQ(legacy(-1, 0).sum, swap * cost(-1));           // above both floors
  EXPECT_NEAR(legacy(-9, 0).sum, -swap * std::log2(eps), 1e-12);  // sigmoid(-9) < eps
  EXPECT_DOUBLE_EQ(legacy(-9, 0).gradient[0], 0);
  EXPECT_NEAR(legacy(-1, 9).sum, -std::log2(eps), 1e-12);  // sigmoid(-1)^(10 swap) < eps
  EXPECT_DOUBLE_EQ(legacy(-1, 9).gradient[0], 0);
}

// --- Which pairs take part --------------------------------------------------------------------

TEST(LambdaLoss, KKeepsEitherInPaperAndBothInLegacy) {
  // Four documents with four labels, ranked 1..4: six pairs with label i > label j.
  const auto batch = one_list({4, 3, 2, 1}, {0, 1, 2, 3});
  const auto count = [&](std::optional<int64_t> k, const std::string& semantics) {
    return evaluate(build_lambda_loss({.k = k, .semantics = semantics}), batch).count;
  };
  EXPECT_EQ(count(std::nullopt, "paper"), 6);
  EXPECT_EQ(count(1, "paper"), 3);
  EXPECT_EQ(count(2, "paper"), 5);
  EXPECT_EQ(count(1, "legacy"), 0);
  EXPECT_EQ(count(2, "legacy"), 1);
  EXPECT_EQ(count(3, "legacy"), 3);
  EXPECT_EQ(count(99, "paper"), 6);
  EXPECT_EQ(count(99, "legacy"), 6);
}

TEST(LambdaLoss, EqualScoresRankInInputOrder) {
  const LossOptions options{.weighting_scheme = "NDCGLoss1", .k = 1, .semantics = "legacy"};
  EXPECT_EQ(evaluate(build_lambda_loss(options), one_list({5, 5}, {1, 0})).sum, cost(0));
  EXPECT_EQ(evaluate(build_lambda_loss(options), one_list({5, 5}, {0, 1})).sum, 0);
}

TEST(LambdaLoss, NegativeLabelsOrderPairsButGainNothing) {
  const auto batch = one_list({1, 3}, {0, -1});
  EXPECT_DOUBLE_EQ(evaluate(build_lambda_loss({.weighting_scheme = "NoWeighting"}), batch).sum,
                   cost(-2));
  EXPECT_EQ(evaluate(build_lambda_loss({}), batch).sum, 0);
  EXPECT_EQ(evaluate(build_lambda_loss({}), batch).count, 1);
}

// --- Sums and counts --------------------------------------------------------------------------

TEST(LambdaLoss, BatchIsTheSumOfItsLists) {
  const Batch batch = random_batch({5, 1, 12, 7}, 1);
  for_all_options([&](const LossOptions& options) {
    const Loss loss = build_lambda_loss(options);
    double sum = 0, count = 0;
    std::vector<double> gradient;
    for (size_t list = 0; list + 1 < batch.offsets.size(); ++list) {
      const auto first = batch.offsets[list], last = batch.offsets[list + 1];
      const auto part =
          evaluate(loss, one_list({batch.scores.begin() + first, batch.scores.begin() + last},
                                  {batch.labels.begin() + first, batch.labels.begin() + last}));
      sum += part.sum;
      count += part.count;
      gradient.insert(gradient.end(), part.gradient.begin(), part.gradient.end());
    }
    const auto whole = evaluate(loss, batch);
    EXPECT_DOUBLE_EQ(whole.sum, sum);
    EXPECT_EQ(whole.count, count);
    EXPECT_EQ(whole.gradient, gradient);
  });
}

TEST(LambdaLoss, NoPairMeansZeroWithAGradient) {
  for (const auto& semantics : kSemantics) {
    const auto outcome = evaluate(build_lambda_loss({.semantics = semantics}),
                                  {.scores = {1, 2, 3}, .labels = {1, 1, 0}, .offsets = {0, 2, 3}});
    EXPECT_EQ(outcome.sum, 0);
    EXPECT_EQ(outcome.count, 0);
    EXPECT_EQ(outcome.gradient, (std::vector<double>{0, 0, 0}));
  }
}

// --- Gradients --------------------------------------------------------------------------------

TEST(LambdaLoss, GradientIsTheSlopeOfTheValue) {
  const double step = 1e-5;
  Batch batch = random_batch({6, 9, 1}, 2);
  for_all_options([&](const LossOptions& options) {
    const Loss loss = build_lambda_loss(options);
    const auto gradient = evaluate(loss, batch).gradient;
    for (size_t i = 0; i < batch.scores.size(); ++i) {
      const double score = batch.scores[i];
      batch.scores[i] = score + step;
      const double above = evaluate(loss, batch).sum;
      batch.scores[i] = score - step;
      const double below = evaluate(loss, batch).sum;
      batch.scores[i] = score;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 1e-7);
    }
  });
}

TEST(LambdaLoss, GradientSumsToZero) {
  // Only differences of scores count, so a shift of all scores changes nothing.
  for_all_options([](const LossOptions& options) {
    const auto outcome = evaluate(build_lambda_loss(options), random_batch({40}, 3));
    EXPECT_NEAR(std::accumulate(outcome.gradient.begin(), outcome.gradient.end(), 0.0), 0, 1e-9);
  });
}

// --- Numerical safety -------------------------------------------------------------------------

TEST(LambdaLoss, FarScoresStayFinite) {
  for_all_options([](const LossOptions& options) {
    expect_finite(evaluate(build_lambda_loss(options), one_list({-1e4, 1e4, 0}, {2, 0, 1})));
    expect_finite(
        evaluate(build_lambda_loss(options), one_list({-1e4, 1e4, 0}, {2, 0, 1}), at::kFloat));
  });
}

TEST(LambdaLoss, BadlyMisorderedPairsKeepTheirGradientInPaper) {
  const auto outcome = evaluate(build_lambda_loss({.weighting_scheme = "NoWeighting"}),
                                one_list({-1e4, 1e4}, {1, 0}));
  EXPECT_DOUBLE_EQ(outcome.sum, 2e4 / std::numbers::ln2);
  EXPECT_DOUBLE_EQ(outcome.gradient[0], -1 / std::numbers::ln2);
}

TEST(LambdaLoss, DegenerateListsStayFinite) {
  for_all_options([](const LossOptions& options) {
    const Loss loss = build_lambda_loss(options);
    expect_finite(evaluate(loss, one_list({0.5}, {1})));
    expect_finite(evaluate(loss, one_list({0.5, 0.5, 0.5}, {1, 1, 1})));
    expect_finite(evaluate(loss, one_list({0.5, 1.5, 2.5}, {0, 0, 0})));
    expect_finite(evaluate(loss, one_list({0.5, 1.5}, {1e4, 0})));
    expect_finite(evaluate(loss, {.scores = {}, .labels = {}, .offsets = {0, 0}}));
  });
}

TEST(LambdaLoss, AThousandDocumentsStayFinite) {
  for_all_options([](const LossOptions& options) {
    expect_finite(evaluate(build_lambda_loss(options), random_batch({1000}, 4), at::kFloat));
  });
}

TEST(LambdaLoss, FloatAgreesWithDouble) {
  const Batch batch = random_batch({8, 16}, 5);
  for_all_options([&](const LossOptions& options) {
    const auto single = evaluate(build_lambda_loss(options), batch, at::kFloat);
    const auto twice = evaluate(build_lambda_loss(options), batch);
    EXPECT_NEAR(single.sum, twice.sum, 1e-6 * std::abs(twice.sum));
    EXPECT_EQ(single.count, twice.count);
  });
}

TEST(LambdaLoss, AScoreThatIsNotANumberShowsInTheLoss) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto outcome = evaluate(build_lambda_loss({}), one_list({1, nan, 2}, {1, 0, 0}));
  EXPECT_TRUE(std::isnan(outcome.sum));
}

}  // namespace
}  // namespace lambdaforge::losses
