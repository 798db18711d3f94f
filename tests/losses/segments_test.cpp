#include "losses/segments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lambdaforge::losses {
namespace {

constexpr double kEps = 1e-10;

TEST(DescendingOrder, PutsTheHighestFirstAndKeepsTies) {
  const std::vector<double> values = {0.3, -1.2, 2.0, 0.3};
  EXPECT_EQ(descending_order(values), (std::vector<int64_t>{2, 0, 3, 1}));
}

TEST(DescendingOrder, PutsNotANumberLast) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {nan, -1, nan, 5};
  EXPECT_EQ(descending_order(values), (std::vector<int64_t>{3, 1, 0, 2}));
}

TEST(Gather, FollowsTheOrder) {
  const std::vector<double> values = {10, 20, 30};
  const std::vector<int64_t> order = {2, 0, 1};
  EXPECT_EQ(gather(values, order), (std::vector<double>{30, 10, 20}));
}

TEST(LogAddExp, AddsWithoutOverflow) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_DOUBLE_EQ(log_add_exp(1, 2), std::log(std::exp(1.0) + std::exp(2.0)));
  EXPECT_DOUBLE_EQ(log_add_exp(1e4, 1e4), 1e4 + std::log(2.0));
  EXPECT_EQ(log_add_exp(-infinity, 3), 3);
  EXPECT_EQ(log_add_exp(-infinity, -infinity), -infinity);
}

TEST(LogAddExp, LosesNoNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double other : {1.0, -std::numeric_limits<double>::infinity(), nan}) {
    EXPECT_TRUE(std::isnan(log_add_exp(other, nan)));
    EXPECT_TRUE(std::isnan(log_add_exp(nan, other)));
  }
  EXPECT_TRUE(std::isnan(log_sum_exp(std::vector<double>{1, nan, 2})));
}

TEST(NormalizedGains, DivideByTheIdealDcg) {
  const std::vector<double> labels = {0, 1, 3};
  const double ideal = 7 / std::log2(2) + 1 / std::log2(3);
  const auto gains = normalized_gains(labels, std::nullopt, kEps);
  EXPECT_DOUBLE_EQ(gains[0], 0);
  EXPECT_DOUBLE_EQ(gains[1], 1 / ideal);
  EXPECT_DOUBLE_EQ(gains[2], 7 / ideal);
}

TEST(NormalizedGains, CanBeLinear) {
  const std::vector<double> labels = {1, 0, 3, -1};
  const double ideal = 3 / std::log2(2.0) + 1 / std::log2(3.0);
  const auto gains = normalized_gains(labels, std::nullopt, 1e-10, Gain::kLinear);
  EXPECT_DOUBLE_EQ(gains[2], 3 / ideal);
  EXPECT_DOUBLE_EQ(gains[0], 1 / ideal);
  EXPECT_EQ(gains[3], 0);
}

TEST(NormalizedGains, CutTheIdealDcgAtK) {
  const std::vector<double> labels = {0, 1, 3};
  EXPECT_DOUBLE_EQ(normalized_gains(labels, 1, kEps)[1], 1.0 / 7);
  EXPECT_DOUBLE_EQ(normalized_gains(labels, 99, kEps)[1],
                   normalized_gains(labels, std::nullopt, kEps)[1]);
}

TEST(NormalizedGains, CountNegativeLabelsAsZero) {
  const std::vector<double> labels = {-2, 1};
  EXPECT_EQ(normalized_gains(labels, std::nullopt, kEps), (std::vector<double>{0, 1}));
}

TEST(NormalizedGains, AreZeroWithoutARelevantDocument) {
  const std::vector<double> labels = {0, 0};
  EXPECT_EQ(normalized_gains(labels, std::nullopt, kEps), (std::vector<double>{0, 0}));
}

TEST(NormalizedGains, DoNotOverflow) {
  const std::vector<double> labels = {1e5, 1e5 - 1, 0};
  const double ideal = 1 + 0.5 / std::log2(3);  // both divided by 2^1e5
  const auto gains = normalized_gains(labels, std::nullopt, kEps);
  EXPECT_DOUBLE_EQ(gains[0], 1 / ideal);
  EXPECT_DOUBLE_EQ(gains[1], 0.5 / ideal);
  EXPECT_DOUBLE_EQ(gains[2], 0);
}

}  // namespace
}  // namespace lambdaforge::losses
