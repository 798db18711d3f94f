#include "evaluators/sequential.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "evaluators/correlation.h"
#include "evaluators/reranking.h"
#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

std::unique_ptr<Evaluator> correlation(const std::string& name) {
  return std::make_unique<CorrelationEvaluator>(
      LabelledPairs{name, {{"q", "alpha"}, {"q", "beta"}}, {1, 2}});
}

std::unique_ptr<Evaluator> reranking() {
  return std::make_unique<RerankingEvaluator>(
      "nq", std::vector<RerankingSample>{{"q1", "q", {"alpha"}, {"beta", "alpha"}},
                                         {"q2", "q", {"alpha"}, {}}});
}

SequentialEvaluator both() {
  std::vector<std::unique_ptr<Evaluator>> evaluators;
  evaluators.push_back(correlation("sts"));
  evaluators.push_back(reranking());
  return SequentialEvaluator(std::move(evaluators));
}

TEST(SequentialEvaluator, JoinsTheFiguresAndTakesTheLastPrimary) {
  TableScorer table({{"alpha", 1}, {"beta", 2}});
  const SequentialEvaluator evaluator = both();
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("sts_spearman"), 1);
  EXPECT_EQ(evaluation.at("nq_mrr@10"), 1.0 / 2);
  EXPECT_EQ(evaluation.at("sequential_score"), evaluation.at("nq_ndcg@10"));
  EXPECT_LT(evaluation.at("sequential_score"), 1);
  EXPECT_EQ(evaluation.primary_metric, "sequential_score");
  EXPECT_EQ(evaluation.per_query.at("nq_mrr@10").at(0).first, "q1");
  std::vector<std::string> names;
  for (const auto& metric : evaluation.metrics) names.push_back(metric.first);
  EXPECT_EQ(names, evaluator.metric_names());
  EXPECT_EQ(names.front(), "sts_pearson");
  EXPECT_EQ(names.back(), "sequential_score");
}

TEST(SequentialEvaluator, TellsWhatIsLeftOut) {
  EXPECT_EQ(both().left_out(), std::vector<std::string>{"nq q2"});
}

TEST(SequentialEvaluator, WritesEveryEvaluatorsFile) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_sequential";
  std::filesystem::remove_all(folder);
  TableScorer table({{"alpha", 1}, {"beta", 2}});
  const SequentialEvaluator evaluator = both();
  evaluator.write_csv(evaluator.evaluate(table.scorer()), {}, folder);
  EXPECT_TRUE(std::filesystem::exists(folder / "CrossEncoderCorrelationEvaluator_sts_results.csv"));
  EXPECT_TRUE(
      std::filesystem::exists(folder / "CrossEncoderRerankingEvaluator_nq_results_@10.csv"));
}

TEST(SequentialEvaluator, RefusesNoneAndTwoOfOneName) {
  EXPECT_THROW(SequentialEvaluator({}), std::invalid_argument);
  std::vector<std::unique_ptr<Evaluator>> twins;
  twins.push_back(correlation("sts"));
  twins.push_back(correlation("sts"));
  try {
    SequentialEvaluator evaluator(std::move(twins));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "two evaluators report 'sts_pearson'; give them different names");
  }
}

}  // namespace
}  // namespace lambdaforge::evaluators
