#include "evaluators/evaluator.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

TEST(EvaluationAt, FindsAMetric) {
  EXPECT_EQ(with_metrics({{"map", 0.25}, {"ndcg@10", 0.5}}).at("ndcg@10"), 0.5);
}

TEST(EvaluationAt, NamesTheKnownMetrics) {
  const Evaluation evaluation = with_metrics({{"map", 0.25}, {"ndcg@10", 0.5}});
  try {
    evaluation.at("ndcg@1");
    FAIL();
  } catch (const std::out_of_range& error) {
    EXPECT_STREQ(error.what(),
                 "unknown metric 'ndcg@1'; did you mean 'ndcg@10'? known: map, ndcg@10");
  }
}

TEST(ScorePairs, RefusesAWrongNumberOfScores) {
  const Scorer one = [](const std::vector<TextPair>&) { return std::vector<float>{1}; };
  EXPECT_EQ(score_pairs(one, {{"q", "d"}}), std::vector<float>{1});
  EXPECT_THROW(score_pairs(one, {{"q", "d"}, {"q", "e"}}), std::invalid_argument);
}

TEST(ScorePairs, ExpectsAScoreALabel) {
  const Scorer six = [](const std::vector<TextPair>&) { return std::vector<float>(6); };
  const std::vector<TextPair> pairs = {{"q", "d"}, {"q", "e"}};
  EXPECT_EQ(score_pairs(six, pairs, 3).size(), 6U);
  try {
    score_pairs(six, pairs);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "the scorer gave 6 scores for 2 pairs; expected 1 a pair");
  }
}

TEST(ScorePairs, AsksNothingForNoPairs) {
  const Scorer never = [](const std::vector<TextPair>&) -> std::vector<float> {
    throw std::logic_error("called");
  };
  EXPECT_TRUE(score_pairs(never, {}).empty());
}

}  // namespace
}  // namespace lambdaforge::evaluators
