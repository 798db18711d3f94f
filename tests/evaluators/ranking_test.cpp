#include "evaluators/ranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lambdaforge::evaluators {
namespace {

using Grades = std::vector<std::optional<int>>;

Ranking rank(const std::vector<float>& scores, const std::vector<int>& grades) {
  return rank_by_score(scores, grades);
}

TEST(RankByScore, PutsTheHighestScoreFirst) {
  const Ranking ranking = rank({0.1F, 0.9F, 0.5F}, {1, 0, 2});
  EXPECT_EQ(ranking.grades, (Grades{0, 2, 1}));
  EXPECT_EQ(ranking.tie_ends, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(ranking.judged, (std::vector<int>{2, 1, 0}));
  EXPECT_EQ(ranking.num_relevant(), 2U);
}

TEST(RankByScore, PutsTheLaterOfTiedDocumentsFirst) {
  const Ranking ranking = rank({0.5F, 0.5F, 0.9F, 0.5F}, {1, 0, 0, 0});
  EXPECT_EQ(ranking.grades, (Grades{0, 0, 0, 1}));
  EXPECT_EQ(ranking.tie_ends, (std::vector<size_t>{1, 4}));
}

TEST(RankByScore, TakesNegativeZeroForZero) {
  EXPECT_EQ(rank({-0.0F, 0.0F}, {1, 0}).tie_ends, (std::vector<size_t>{2}));
}

TEST(RankByScore, RanksInfinities) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(rank({-infinity, 0.0F, infinity}, {0, 1, 0}).grades, (Grades{0, 1, 0}));
}

TEST(RankByScore, RefusesBadInput) {
  EXPECT_THROW(rank({0.5F}, {1, 0}), std::invalid_argument);
  EXPECT_THROW(rank({0.5F, std::nanf("")}, {1, 0}), std::invalid_argument);
}

TEST(RankAsGiven, HasNoTies) {
  const Ranking ranking = rank_as_given(std::vector<int>{0, 1, 1});
  EXPECT_EQ(ranking.tie_ends, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(ranking.num_relevant(), 2U);
}

TEST(RankAsGiven, TellsUnjudgedFromNotRelevant) {
  const Ranking ranking = rank_as_given({std::nullopt, 0, -1, 2}, {0, 2, -1, 1});
  EXPECT_FALSE(ranking.relevant_at(0) || ranking.relevant_at(1) || ranking.relevant_at(2));
  EXPECT_TRUE(ranking.relevant_at(3));
  EXPECT_EQ(ranking.judged, (std::vector<int>{2, 1, 0, -1}));
  EXPECT_EQ(ranking.num_relevant(), 2U);  // one of them is not ranked
}

}  // namespace
}  // namespace lambdaforge::evaluators
