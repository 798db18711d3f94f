#include "evaluators/retrieval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

const RetrievalSet kSet = {"pets",
                           {{"q1", "cat"}, {"q2", "dog"}},
                           {"d1", "d2", "d3", "d4"},
                           {"cat", "a cat", "a dog and a cat", "bird"},
                           {{"q1", {{"d1", 0}, {"d2", 1}, {"d3", 2}}}, {"q2", {{"d3", 1}}}}};

std::vector<std::string> ids(const std::vector<ScoredDocument>& documents) {
  std::vector<std::string> result;
  for (const ScoredDocument* document : best_first(documents)) result.push_back(document->document);
  return result;
}
using Ids = std::vector<std::string>;

TEST(Bm25Run, RanksTheCorpusForEveryQueryThatFindsSomething) {
  RetrievalSet set = kSet;
  set.queries.push_back({"q3", "unicorn"});
  const evaluators::Run run = bm25_run(set, 2);
  ASSERT_EQ(run.size(), 2U);
  EXPECT_EQ(run.at("q1").size(), 2U);  // d1 and d2: one term; d3 is longer
  EXPECT_EQ(ids(run.at("q2")), Ids{"d3"});
  EXPECT_EQ(run.at("q1")[0].score, run.at("q1")[1].score);
}

TEST(DropQueriesThemselves, LeavesWhatIsJudgedAndWhatHasAnotherId) {
  RetrievalSet set = kSet;
  set.qrels["q2"]["q2"] = 0;
  evaluators::Run run = {{"q1", {{"d1", 3}, {"q1", 2}, {"q2", 1}}},
                         {"q2", {{"q2", 2}}},
                         {"unjudged", {{"unjudged", 1}}}};
  EXPECT_EQ(drop_queries_themselves(set, run), 2U);
  EXPECT_EQ(ids(run.at("q1")), (Ids{"d1", "q2"}));
  EXPECT_EQ(ids(run.at("q2")), Ids{"q2"});
  EXPECT_FALSE(run.contains("unjudged"));
}

TEST(Rerank, OrdersTheFirstKByTheModelAndLeavesTheRestBelow) {
  // Not in the order of its scores, as a run may be.
  const evaluators::Run first_stage = {{"q1", {{"d4", 1}, {"d1", 4}, {"d2", 3}, {"d3", 2}}}};
  TableScorer table({{"cat", -7}, {"a cat", 5}});
  const evaluators::Run reranked = rerank(kSet, first_stage, 2, table.scorer());
  ASSERT_EQ(reranked.size(), 1U);
  EXPECT_EQ(ids(reranked.at("q1")), (Ids{"d2", "d1", "d3", "d4"}));
  EXPECT_EQ(reranked.at("q1")[1], (ScoredDocument{"d2", 5}));
  EXPECT_LT(reranked.at("q1")[2].score, -7);
}

TEST(Rerank, ScoresAllQueriesInOneCall) {
  size_t calls = 0;
  const Scorer count = [&](const std::vector<TextPair>& pairs) {
    ++calls;
    EXPECT_EQ(pairs.size(), 3U);
    EXPECT_EQ(pairs[2].query, "dog");
    EXPECT_EQ(pairs[2].document, "a dog and a cat");
    return std::vector<float>{1, 2, 3};
  };
  const evaluators::Run first_stage = {{"q2", {{"d3", 1}}}, {"q1", {{"d1", 2}, {"d2", 1}}}};
  const evaluators::Run reranked = rerank(kSet, first_stage, 100, count);
  EXPECT_EQ(calls, 1U);
  EXPECT_EQ(ids(reranked.at("q1")), (Ids{"d2", "d1"}));
}

TEST(Rerank, KeepsTheOrderOfTheRestWhereFloatsAreCoarse) {
  const evaluators::Run first_stage = {{"q1", {{"d1", 4}, {"d2", 3}, {"d3", 2}, {"d4", 1}}}};
  TableScorer table({{"cat", -1e30F}});
  EXPECT_EQ(ids(rerank(kSet, first_stage, 1, table.scorer()).at("q1")),
            (Ids{"d1", "d2", "d3", "d4"}));
}

TEST(Rerank, PassesOverQueriesThatTheSetLacks) {
  const evaluators::Run first_stage = {{"q1", {{"d1", 1}}}, {"unjudged", {{"elsewhere", 1}}}};
  TableScorer table({{"cat", 1}});
  EXPECT_EQ(rerank(kSet, first_stage, 10, table.scorer()).count("unjudged"), 0U);
}

std::string complaint(const evaluators::Run& first_stage, size_t k, const Scorer& scorer) {
  try {
    rerank(kSet, first_stage, k, scorer);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Rerank, RefusesRunsOfOtherDataAndDivergedModels) {
  const Scorer any = [](const auto& pairs) { return std::vector<float>(pairs.size(), 1); };
  EXPECT_EQ(complaint({{"q1", {{"d9", 1}}}}, 5, any),
            "pets: the first stage found document 'd9' for query 'q1', but the corpus of 4 "
            "documents lacks it; is it the run of another data set?");
  EXPECT_EQ(complaint({{"x", {{"d1", 1}}}}, 5, any),
            "pets: the first stage's run has none of the 2 judged queries; is it the run of "
            "another split?");
  EXPECT_EQ(complaint({{"q1", {{"d1", 1}}}}, 0, any), "reranking needs k >= 1, got 0");
  for (const float score : {std::nanf(""), std::numeric_limits<float>::infinity()})
    EXPECT_NE(complaint({{"q1", {{"d1", 1}}}}, 5,
                        [score](const auto&) { return std::vector<float>{score}; })
                  .find("has it diverged?"),
              std::string::npos);
}

TEST(EvaluateFirstStage, RefusesGradesThatAMetricDoesNotTake) {
  RetrievalSet graded = kSet;
  graded.qrels["q1"]["d1"] = 5;
  EXPECT_THROW(evaluate_first_stage(graded, {}, parse_metrics({"ndcg@10", "err@20"})),
               std::invalid_argument);
}

TEST(CompareRuns, ReportsTheRerankedRunAndItsBase) {
  const evaluators::Run first_stage = {{"q1", {{"d1", 2}, {"d3", 1}}}, {"q2", {{"d4", 1}}}};
  TableScorer table({{"cat", 1}, {"a dog and a cat", 2}, {"bird", 3}});
  const evaluators::Run reranked = rerank(kSet, first_stage, 10, table.scorer());
  const auto metrics = parse_metrics({"ndcg@10", "recall@1"});
  const Evaluation evaluation =
      compare_runs(kSet, reranked, evaluate_first_stage(kSet, first_stage, metrics), metrics);
  std::vector<std::string> names;
  for (const auto& metric : evaluation.metrics) names.push_back(metric.first);
  EXPECT_EQ(names,
            (Ids{"pets_ndcg@10", "pets_recall@1", "pets_base_ndcg@10", "pets_base_recall@1"}));
  EXPECT_EQ(evaluation.primary_metric, "pets_ndcg@10");
  const double ideal = 2 + 1 / std::log2(3.0);  // grades 2 and 1
  EXPECT_NEAR(evaluation.at("pets_ndcg@10"), (2 / ideal + 0) / 2, 1e-12);
  EXPECT_NEAR(evaluation.at("pets_base_ndcg@10"), (2 / std::log2(3.0) / ideal + 0) / 2, 1e-12);
  EXPECT_EQ(evaluation.at("pets_recall@1"), (1.0 / 2 + 0) / 2);
  EXPECT_EQ(evaluation.at("pets_base_recall@1"), 0);
  EXPECT_EQ(evaluation.per_query.at("pets_base_recall@1").size(), 2U);
}

}  // namespace
}  // namespace lambdaforge::evaluators
