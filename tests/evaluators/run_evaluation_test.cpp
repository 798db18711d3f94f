#include "evaluators/run_evaluation.h"

#include <gtest/gtest.h>

namespace lambdaforge::evaluators {
namespace {

using PerQuery = std::vector<std::pair<std::string, double>>;

const std::vector<Metric> kMetrics = parse_metrics({"mrr@10", "recall@1"});

TEST(EvaluateRun, AveragesOverTheQueriesWithARelevantDocument) {
  const Qrels qrels = {{"first", {{"a", 1}, {"b", 2}}},
                       {"hopeless", {{"a", 0}, {"b", -1}}},
                       {"second", {{"b", 1}}},
                       {"unanswered", {{"a", 1}}}};
  const evaluators::Run run = {{"first", {{"b", 1}, {"a", 2}}},
                               {"hopeless", {{"a", 1}}},
                               {"second", {{"a", 2}, {"b", 1}}},
                               {"unjudged", {{"a", 1}}}};
  const Evaluation evaluation = evaluate_run(run, qrels, kMetrics, "bm25_");
  EXPECT_EQ(evaluation.metrics,
            (PerQuery{{"bm25_mrr@10", (1 + 1.0 / 2 + 0) / 3}, {"bm25_recall@1", 1.0 / 2 / 3}}));
  EXPECT_EQ(evaluation.primary_metric, "bm25_mrr@10");
  EXPECT_EQ(evaluation.per_query.at("bm25_mrr@10"),
            (PerQuery{{"first", 1}, {"second", 1.0 / 2}, {"unanswered", 0}}));
  EXPECT_EQ(evaluation.per_query.at("bm25_recall@1"),
            (PerQuery{{"first", 1.0 / 2}, {"second", 0}, {"unanswered", 0}}));
}

TEST(EvaluateRun, CountsAnUndefinedValueZero) {
  EXPECT_EQ(evaluate_run({}, {{"q", {{"a", 1}}}}, parse_metrics({"judged@10"})).at("judged@10"), 0);
}

TEST(EvaluateRun, RefusesWhatHasNoFigures) {
  const Qrels qrels = {{"q", {{"a", 0}}}};
  EXPECT_THROW(evaluate_run({}, {{"q", {{"a", 1}}}}, {}), std::invalid_argument);
  EXPECT_THROW(evaluate_run({{"q", {{"a", 1}}}}, {}, kMetrics), std::invalid_argument);
  EXPECT_THROW(evaluate_run({{"q", {{"a", 1}}}}, qrels, kMetrics), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::evaluators
