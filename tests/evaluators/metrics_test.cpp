#include "evaluators/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lambdaforge::evaluators {
namespace {

constexpr double kTolerance = 1e-12;

// The discount of a rank: 1 / log2(rank + 1).
double d(int rank) {
  return 1 / std::log2(rank + 1.0);
}

Ranking rank(const std::vector<float>& scores, const std::vector<int>& grades) {
  return rank_by_score(scores, grades);
}

Ranking as_given(const std::vector<int>& grades) {
  return rank_as_given(grades);
}

constexpr auto kNoJudgement = std::nullopt;

TEST(Ndcg, DiscountsByRank) {
  const Ranking ranking = as_given({0, 1, 0, 1});
  EXPECT_NEAR(*ndcg(ranking, 10), (d(2) + d(4)) / (d(1) + d(2)), kTolerance);
}

TEST(Ndcg, CutsOffTheListAndTheIdealAlike) {
  const Ranking ranking = as_given({0, 1, 1, 1});
  EXPECT_NEAR(*ndcg(ranking, 2), d(2) / (d(1) + d(2)), kTolerance);
  EXPECT_NEAR(*ndcg(as_given({0, 0, 1}), 2), 0, kTolerance);
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
  EXPECT_EQ(reciprocal_rank(as_given({0, 0, 1, 1}), 10), 1.0 / 3);
  EXPECT_EQ(reciprocal_rank(as_given({0, 0, 1, 1}), 3), 1.0 / 3);
  EXPECT_EQ(reciprocal_rank(as_given({0, 0, 1, 1}), 2), 0.0);
}

TEST(AveragePrecision, AveragesThePrecisionAtEveryRelevantRank) {
  EXPECT_NEAR(*average_precision(as_given({0, 1, 0, 1})), (1.0 / 2 + 2.0 / 4) / 2, kTolerance);
}

TEST(AveragePrecision, TakesTiedScoresForOneThreshold) {
  // Thresholds: 0.9 finds nothing, 0.5 finds 2 of 4 documents, 0.1 the third of 5.
  const Ranking ranking = rank({0.9F, 0.5F, 0.5F, 0.5F, 0.1F}, {0, 1, 0, 1, 1});
  EXPECT_NEAR(*average_precision(ranking), 2.0 / 3 * 2 / 4 + 1.0 / 3 * 3 / 5, kTolerance);
}

TEST(Ndcg, GainsTheGradeOrAPowerOfTwo) {
  const Ranking ranking = as_given({1, 3, 0, 2});
  EXPECT_NEAR(*ndcg(ranking, 10), (1 * d(1) + 3 * d(2) + 2 * d(4)) / (3 * d(1) + 2 * d(2) + d(3)),
              kTolerance);
  EXPECT_NEAR(*ndcg(ranking, 10, Gain::kExponential),
              (1 * d(1) + 7 * d(2) + 3 * d(4)) / (7 * d(1) + 3 * d(2) + d(3)), kTolerance);
}

TEST(Ndcg, SharesTheMeanGainAmongTiedDocuments) {
  EXPECT_NEAR(*ndcg(rank({0.5F, 0.5F, 0.1F}, {2, 1, 0}), 10),
              (1.5 * d(1) + 1.5 * d(2)) / (2 * d(1) + d(2)), kTolerance);
}

TEST(Ndcg, HasAnIdealOfAllJudgedDocuments) {
  const Ranking ranking = rank_as_given({kNoJudgement, 1}, {1, -1, 3, 0});
  EXPECT_NEAR(*ndcg(ranking, 10), d(2) / (3 * d(1) + d(2)), kTolerance);
  EXPECT_NEAR(*ndcg(ranking, 1), 0, kTolerance);
}

TEST(Ndcg, GainsNothingFromANegativeGrade) {
  EXPECT_NEAR(*ndcg(as_given({-2, 1}), kNoCutOff), d(2) / d(1), kTolerance);
}

TEST(Ndcg, RefusesAGainThatOverflows) {
  EXPECT_EQ(ndcg(as_given({1000}), 10, Gain::kExponential), 1.0);
  EXPECT_THROW(ndcg(as_given({1001}), 10, Gain::kExponential), std::invalid_argument);
}

TEST(ReciprocalRank, IsZeroWhereNoRelevantDocumentIsRanked) {
  EXPECT_EQ(reciprocal_rank(rank_as_given({0, kNoJudgement}, {0, 1}), kNoCutOff), 0.0);
}

TEST(AveragePrecision, CountsRelevantDocumentsThatAreNotRanked) {
  EXPECT_NEAR(*average_precision(rank_as_given({kNoJudgement, 1, 2}, {1, 2, 1, 0})),
              (1.0 / 2 + 2.0 / 3) / 3, kTolerance);
}

TEST(Precision, FillsAShortListUp) {
  EXPECT_EQ(precision(as_given({1, 0, 2, 1}), 3), 2.0 / 3);
  EXPECT_EQ(precision(as_given({1, 0, 2, 1}), 10), 3.0 / 10);
}

TEST(Recall, IsTheShareOfAllRelevantDocuments) {
  const Ranking ranking = rank_as_given({1, -1, kNoJudgement, 2}, {1, 2, 1, 0, -1});
  EXPECT_EQ(recall(ranking, 3), 1.0 / 3);
  EXPECT_EQ(recall(ranking, 100), 2.0 / 3);
}

TEST(Success, IsOneFromTheFirstRelevantRankOn) {
  EXPECT_EQ(success(as_given({0, 0, 1, 1}), 2), 0.0);
  EXPECT_EQ(success(as_given({0, 0, 1, 1}), 3), 1.0);
}

TEST(Rbp, WeighsRanksByThePersistence) {
  EXPECT_NEAR(*rbp(rank_as_given({2, kNoJudgement, 1}, {2, 1, 1}), 0.8),
              (1 - 0.8) * (1 + 0.8 * 0.8), kTolerance);
  for (const double p : {0.0, 1.0, -0.5, 1.5, std::nan("")})
    EXPECT_THROW(rbp(as_given({1}), p), std::invalid_argument) << p;
}

TEST(Err, StopsAtADocumentByItsGrade) {
  const double r2 = 3.0 / 16;
  const double r4 = 15.0 / 16;
  const Ranking ranking = as_given({2, 0, 4, 2});
  EXPECT_NEAR(*err(ranking, 3), r2 + (1 - r2) * r4 / 3, kTolerance);
  EXPECT_NEAR(*err(ranking, kNoCutOff), r2 + (1 - r2) * r4 / 3 + (1 - r2) * (1 - r4) * r2 / 4,
              kTolerance);
}

TEST(Err, RefusesAGradeAboveItsScale) {
  try {
    err(as_given({5}), 20);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "err takes grades up to 4, got 5; map the judgements to a smaller scale");
  }
}

TEST(Bpref, CountsTheJudgedDocumentsAbove) {
  // R = 3 and N = 2; nobody judged the first, and nobody decided about the third.
  const Ranking ranking = rank_as_given({kNoJudgement, 0, -1, 1, 0, 2}, {1, 2, 1, 0, 0, -1});
  EXPECT_NEAR(*bpref(ranking), ((1 - 1.0 / 2) + (1 - 2.0 / 2)) / 3, kTolerance);
}

TEST(Bpref, CountsNoMoreDocumentsThanAreRelevant) {
  // R = 2: the third of three above counts no further.
  EXPECT_NEAR(*bpref(as_given({0, 1, 0, 0, 1})), ((1 - 1.0 / 2) + (1 - 2.0 / 2)) / 2, kTolerance);
  EXPECT_EQ(bpref(as_given({1, 1})), 1.0);
}

TEST(Judged, IsTheShareOfTheFirstDocuments) {
  const Ranking ranking = rank_as_given({0, kNoJudgement, -1, kNoJudgement}, {0, -1});
  EXPECT_EQ(judged(ranking, 3), 2.0 / 3);
  EXPECT_EQ(judged(ranking, 10), 2.0 / 4);
  EXPECT_EQ(judged(as_given({}), 10), std::nullopt);
}

TEST(Metrics, OfAListWhereEveryScoreIsTheSameDoNotDependOnTheOrder) {
  const std::vector<float> scores(4, 0.5F);
  EXPECT_EQ(ndcg(rank(scores, {1, 0, 0, 0}), 10), ndcg(rank(scores, {0, 0, 0, 1}), 10));
  EXPECT_EQ(average_precision(rank(scores, {1, 0, 0, 0})), 1.0 / 4);
}

TEST(Metrics, AreEmptyWithoutARelevantDocument) {
  for (const Ranking& ranking : {as_given({0, -1}), as_given({}), rank({}, {})}) {
    EXPECT_EQ(ndcg(ranking, 10), std::nullopt);
    EXPECT_EQ(reciprocal_rank(ranking, 10), std::nullopt);
    EXPECT_EQ(average_precision(ranking), std::nullopt);
    EXPECT_EQ(precision(ranking, 10), std::nullopt);
    EXPECT_EQ(recall(ranking, 10), std::nullopt);
    EXPECT_EQ(success(ranking, 10), std::nullopt);
    EXPECT_EQ(rbp(ranking, 0.8), std::nullopt);
    EXPECT_EQ(err(ranking, 10), std::nullopt);
    EXPECT_EQ(bpref(ranking), std::nullopt);
  }
}

TEST(Metrics, RefuseACutOffOfZero) {
  const Ranking ranking = as_given({1});
  EXPECT_THROW(ndcg(ranking, 0), std::invalid_argument);
  for (const auto metric : {reciprocal_rank, precision, recall, success, err, judged})
    EXPECT_THROW(metric(ranking, 0), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::evaluators
