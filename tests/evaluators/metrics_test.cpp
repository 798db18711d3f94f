#include "evaluators/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lambdaforge::evaluators {
namespace {

constexpr double kTolerance = 1e-12;

// The discount of a rank: 1 / log2(rank + 1).
double d(int rank) {
  return 1 / std::log2(rank + 1.0);
}

Ranking rank(const std::vector<float>& scores, const std::vector<uint8_t>& relevant) {
  return rank_by_score(scores, relevant);
}

TEST(RankByScore, PutsTheHighestScoreFirst) {
  const Ranking ranking = rank({0.1F, 0.9F, 0.5F}, {1, 0, 1});
  EXPECT_EQ(ranking.relevant, (std::vector<uint8_t>{0, 1, 1}));
  EXPECT_EQ(ranking.tie_ends, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(ranking.num_relevant, 2U);
}

TEST(RankByScore, PutsTheLaterOfTiedDocumentsFirst) {
  const Ranking ranking = rank({0.5F, 0.5F, 0.9F, 0.5F}, {1, 0, 0, 0});
  EXPECT_EQ(ranking.relevant, (std::vector<uint8_t>{0, 0, 0, 1}));
  EXPECT_EQ(ranking.tie_ends, (std::vector<size_t>{1, 4}));
}

TEST(RankByScore, TakesNegativeZeroForZero) {
  EXPECT_EQ(rank({-0.0F, 0.0F}, {1, 0}).tie_ends, (std::vector<size_t>{2}));
}

TEST(RankByScore, RanksInfinities) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(rank({-infinity, 0.0F, infinity}, {0, 1, 0}).relevant, (std::vector<uint8_t>{0, 1, 0}));
}

TEST(RankByScore, RefusesBadInput) {
  EXPECT_THROW(rank({0.5F}, {1, 0}), std::invalid_argument);
  EXPECT_THROW(rank({0.5F, std::nanf("")}, {1, 0}), std::invalid_argument);
}

TEST(RankAsGiven, HasNoTies) {
  EXPECT_EQ(rank_as_given({0, 1, 1}).tie_ends, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(rank_as_given({0, 1, 1}).num_relevant, 2U);
}

TEST(Ndcg, DiscountsByRank) {
  const Ranking ranking = rank_as_given({0, 1, 0, 1});
  EXPECT_NEAR(*ndcg(ranking, 10), (d(2) + d(4)) / (d(1) + d(2)), kTolerance);
}

TEST(Ndcg, CutsOffTheListAndTheIdealAlike) {
  const Ranking ranking = rank_as_given({0, 1, 1, 1});
  EXPECT_NEAR(*ndcg(ranking, 2), d(2) / (d(1) + d(2)), kTolerance);
  EXPECT_NEAR(*ndcg(rank_as_given({0, 0, 1}), 2), 0, kTolerance);
}

TEST(Ndcg, SharesTheMeanDiscountAmongTiedDocuments) {
  const double expected = (d(2) + d(3) + d(4)) / 3 / d(1);
  EXPECT_NEAR(*ndcg(rank({0.9F, 0.5F, 0.5F, 0.5F}, {0, 1, 0, 0}), 10), expected, kTolerance);
  EXPECT_NEAR(*ndcg(rank({0.9F, 0.5F, 0.5F, 0.5F}, {0, 0, 0, 1}), 10), expected, kTolerance);
}

TEST(Ndcg, SharesOnlyTheDiscountsWithinTheCutOff) {
  EXPECT_NEAR(*ndcg(rank({0.9F, 0.5F, 0.5F, 0.5F}, {0, 1, 0, 0}), 3), (d(2) + d(3)) / 3 / d(1),
              kTolerance);
}

TEST(Ndcg, OfOneDocumentIsOne) {
  EXPECT_EQ(ndcg(rank({0.3F}, {1}), 10), 1.0);
}

TEST(ReciprocalRank, IsOneOverTheFirstRelevantRank) {
  EXPECT_EQ(reciprocal_rank(rank_as_given({0, 0, 1, 1}), 10), 1.0 / 3);
  EXPECT_EQ(reciprocal_rank(rank_as_given({0, 0, 1, 1}), 3), 1.0 / 3);
  EXPECT_EQ(reciprocal_rank(rank_as_given({0, 0, 1, 1}), 2), 0.0);
}

TEST(AveragePrecision, AveragesThePrecisionAtEveryRelevantRank) {
  EXPECT_NEAR(*average_precision(rank_as_given({0, 1, 0, 1})), (1.0 / 2 + 2.0 / 4) / 2, kTolerance);
}

TEST(AveragePrecision, TakesTiedScoresForOneThreshold) {
  // Thresholds: 0.9 finds nothing, 0.5 finds 2 of 4 documents, 0.1 the third of 5.
  const Ranking ranking = rank({0.9F, 0.5F, 0.5F, 0.5F, 0.1F}, {0, 1, 0, 1, 1});
  EXPECT_NEAR(*average_precision(ranking), 2.0 / 3 * 2 / 4 + 1.0 / 3 * 3 / 5, kTolerance);
}

TEST(Metrics, OfAListWhereEveryScoreIsTheSameDoNotDependOnTheOrder) {
  const std::vector<float> scores(4, 0.5F);
  EXPECT_EQ(ndcg(rank(scores, {1, 0, 0, 0}), 10), ndcg(rank(scores, {0, 0, 0, 1}), 10));
  EXPECT_EQ(average_precision(rank(scores, {1, 0, 0, 0})), 1.0 / 4);
}

TEST(Metrics, AreEmptyWithoutARelevantDocument) {
  for (const Ranking& ranking : {rank_as_given({0, 0}), rank_as_given({}), rank({}, {})}) {
    EXPECT_EQ(ndcg(ranking, 10), std::nullopt);
    EXPECT_EQ(reciprocal_rank(ranking, 10), std::nullopt);
    EXPECT_EQ(average_precision(ranking), std::nullopt);
  }
}

TEST(Metrics, RefuseACutOffOfZero) {
  EXPECT_THROW(ndcg(rank_as_given({1}), 0), std::invalid_argument);
  EXPECT_THROW(reciprocal_rank(rank_as_given({1}), 0), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::evaluators
