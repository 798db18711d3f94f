// What must hold for every loss of the registry over one score a document.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "losses/registry.h"
#include "tests/losses/loss_testing.h"

namespace lambdaforge::losses {
namespace {

using testing::Batch;
using testing::evaluate;
using testing::one_list;
using testing::Outcome;

// Lists of 5, 1, 3 and 0 documents with graded labels.
Batch ragged_batch() {
  return {.scores = {0.3, -1.2, 2.0, 0.4, 0.9, 5.0, -3.0, 0.1, 1.7},
          .labels = {1, 0, 0, 2, 1, 1, 0, 1, 0.5},
          .offsets = {0, 5, 6, 9, 9}};
}

class EveryLoss : public ::testing::TestWithParam<std::string> {
 protected:
  Outcome outcome_of(const Batch& batch) const { return evaluate(loss_, batch); }

  void expect_finite(const Batch& batch) const {
    const Outcome outcome = outcome_of(batch);
    EXPECT_TRUE(std::isfinite(outcome.sum));
    EXPECT_TRUE(std::ranges::all_of(outcome.gradient, [](double g) { return std::isfinite(g); }));
  }

  Loss loss_ = build_loss({.name = GetParam()});
};

TEST_P(EveryLoss, GradientEqualsFiniteDifferences) {
  const Batch batch = ragged_batch();
  const std::vector<double> gradient = outcome_of(batch).gradient;
  constexpr double kStep = 1e-6;
  for (size_t i = 0; i < batch.scores.size(); ++i) {
    Batch above = batch, below = batch;
    above.scores[i] += kStep;
    below.scores[i] -= kStep;
    const double slope = (outcome_of(above).sum - outcome_of(below).sum) / (2 * kStep);
    EXPECT_NEAR(gradient[i], slope, 1e-7) << "document " << i;
  }
}

TEST_P(EveryLoss, ListsAddUp) {
  const Batch batch = ragged_batch();
  const Outcome whole = outcome_of(batch);
  double sum = 0, count = 0;
  for (size_t list = 0; list + 1 < batch.offsets.size(); ++list) {
    const auto begin = batch.offsets[list], end = batch.offsets[list + 1];
    const Outcome part =
        outcome_of(one_list({batch.scores.begin() + begin, batch.scores.begin() + end},
                            {batch.labels.begin() + begin, batch.labels.begin() + end}));
    sum += part.sum;
    count += part.count;
  }
  EXPECT_NEAR(whole.sum, sum, 1e-12);
  EXPECT_EQ(whole.count, count);
}

TEST_P(EveryLoss, StaysFinite) {
  expect_finite(one_list({1e4, -1e4, 0, 5e3}, {0, 2, 1, 0}));
  expect_finite(one_list({0.5}, {1}));
  expect_finite(one_list({0.5, -0.5}, {0, 0}));
  expect_finite(one_list({0.5, -0.5, 0.5}, {1, 1, 1}));
  expect_finite({.scores = {}, .labels = {}, .offsets = {0}});
}

TEST_P(EveryLoss, StaysFiniteOnAThousandDocuments) {
  std::mt19937 random(1);
  std::normal_distribution<double> score(0, 50);
  Batch batch{.scores = {}, .labels = {}, .offsets = {0, 1000}};
  for (int i = 0; i < 1000; ++i) {
    batch.scores.push_back(score(random));
    batch.labels.push_back(i % 4);
  }
  expect_finite(batch);
}

// A model that diverged must show in the loss, whichever document it shows in.
TEST_P(EveryLoss, IsNotANumberWhereAScoreIsNone) {
  for (size_t i = 0; i < 3; ++i) {
    std::vector<double> scores = {0.3, -1.2, 2.0};
    scores[i] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(outcome_of(one_list(scores, {2, 0, 1})).sum)) << "document " << i;
  }
}

TEST_P(EveryLoss, FallsAlongItsGradient) {
  Batch batch = ragged_batch();
  const Outcome before = outcome_of(batch);
  for (size_t i = 0; i < batch.scores.size(); ++i) batch.scores[i] -= 1e-3 * before.gradient[i];
  EXPECT_LT(outcome_of(batch).sum, before.sum);
}

std::vector<std::string> losses_over_one_score() {
  std::vector<std::string> names = loss_names();
  std::erase_if(names, [](const std::string& name) { return loss_needs(name).classes; });
  return names;
}

INSTANTIATE_TEST_SUITE_P(, EveryLoss, ::testing::ValuesIn(losses_over_one_score()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace lambdaforge::losses
