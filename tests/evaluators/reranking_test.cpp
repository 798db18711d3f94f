#include "evaluators/reranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

constexpr double kTolerance = 1e-12;

double d(int rank) {
  return 1 / std::log2(rank + 1.0);
}

std::vector<std::string> documents_asked(const TableScorer& table) {
  std::vector<std::string> documents;
  for (const TextPair& pair : table.calls.at(0)) documents.push_back(pair.document);
  return documents;
}

// The first stage found "good" at rank 2 of 3 and missed "missed".
const RerankingSample kSample{
    .query_id = "q1",
    .query = "query",
    .positives = {"good", "missed"},
    .documents = {"bad", "good", "worse"},
};

TEST(RerankingEvaluator, MeasuresTheFirstStageWithMissedPositivesLast) {
  TableScorer table({{"good", 4}, {"missed", 3}, {"bad", 2}, {"worse", 1}});
  const Evaluation evaluation = RerankingEvaluator("", {kSample}).evaluate(table.scorer());
  EXPECT_NEAR(evaluation.at("base_map"), (1.0 / 2 + 2.0 / 4) / 2, kTolerance);
  EXPECT_NEAR(evaluation.at("base_mrr@10"), 1.0 / 2, kTolerance);
  EXPECT_NEAR(evaluation.at("base_ndcg@10"), (d(2) + d(4)) / (d(1) + d(2)), kTolerance);
}

TEST(RerankingEvaluator, RanksMissedPositivesTooByDefault) {
  TableScorer table({{"good", 4}, {"bad", 3}, {"worse", 2}, {"missed", 1}});
  const Evaluation evaluation = RerankingEvaluator("", {kSample}).evaluate(table.scorer());
  EXPECT_EQ(documents_asked(table), (std::vector<std::string>{"good", "missed", "bad", "worse"}));
  EXPECT_NEAR(evaluation.at("map"), (1.0 / 1 + 2.0 / 4) / 2, kTolerance);
  EXPECT_NEAR(evaluation.at("ndcg@10"), (d(1) + d(4)) / (d(1) + d(2)), kTolerance);
}

TEST(RerankingEvaluator, RanksOnlyWhatTheFirstStageFoundWhenAsked) {
  TableScorer table({{"good", 3}, {"bad", 2}, {"worse", 1}});
  const Evaluation evaluation =
      RerankingEvaluator("", {kSample}, {.always_rerank_positives = false})
          .evaluate(table.scorer());
  EXPECT_EQ(documents_asked(table), kSample.documents);
  EXPECT_EQ(evaluation.at("map"), 1);
  EXPECT_NEAR(evaluation.at("base_map"), (1.0 / 2 + 2.0 / 4) / 2, kTolerance);
}

TEST(RerankingEvaluator, CountsZeroWhereTheFirstStageFoundNothing) {
  const RerankingSample lost{"q2", "query", {"missed"}, {"bad", "worse"}};
  TableScorer table({{"missed", 3}, {"bad", 2}, {"worse", 1}});
  const Evaluation always = RerankingEvaluator("", {lost}).evaluate(table.scorer());
  EXPECT_EQ(always.at("base_ndcg@10"), 0);
  EXPECT_EQ(always.at("ndcg@10"), 1);

  table.calls.clear();
  const Evaluation found =
      RerankingEvaluator("", {lost}, {.always_rerank_positives = false}).evaluate(table.scorer());
  EXPECT_EQ(found.at("ndcg@10"), 0);
  EXPECT_TRUE(table.calls.empty());  // no order of the list is worth a score
}

TEST(RerankingEvaluator, ComparesTextsAndKeepsRepeatedOnes) {
  const RerankingSample twice{"q1", "query", {"good", "good"}, {"good", "bad", "good", "bad"}};
  TableScorer table({{"good", 2}, {"bad", 1}});
  const Evaluation evaluation = RerankingEvaluator("", {twice}).evaluate(table.scorer());
  EXPECT_EQ(documents_asked(table), (std::vector<std::string>{"good", "good", "bad", "bad"}));
  EXPECT_NEAR(evaluation.at("base_map"), (1.0 / 1 + 2.0 / 3) / 2, kTolerance);
}

TEST(RerankingEvaluator, HandlesAListOfOneDocument) {
  TableScorer table({{"good", 1}});
  const Evaluation evaluation =
      RerankingEvaluator("", {{"q1", "query", {"good"}, {"good"}}}).evaluate(table.scorer());
  for (const auto& [name, value] : evaluation.metrics) EXPECT_EQ(value, 1) << name;
}

TEST(RerankingEvaluator, ScoresAllSamplesInOneCallAndAverages) {
  TableScorer table({{"good", 2}, {"bad", 1}, {"evil", 3}});
  const RerankingEvaluator evaluator(
      "set", {{"q1", "one", {"good"}, {"bad", "good"}}, {"q2", "two", {"good"}, {"good", "evil"}}});
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  ASSERT_EQ(table.calls.size(), 1U);
  EXPECT_EQ(table.calls[0].size(), evaluator.num_pairs());
  EXPECT_EQ(table.calls[0][3].query, "two");
  EXPECT_NEAR(evaluation.at("set_mrr@10"), (1.0 + 1.0 / 2) / 2, kTolerance);
  EXPECT_EQ(evaluation.per_query.at("set_mrr@10"),
            (std::vector<std::pair<std::string, double>>{{"q1", 1.0}, {"q2", 0.5}}));
  EXPECT_EQ(evaluation.per_query.at("set_base_mrr@10"),
            (std::vector<std::pair<std::string, double>>{{"q1", 0.5}, {"q2", 1.0}}));
}

TEST(RerankingEvaluator, NamesMetricsInThePeersOrder) {
  TableScorer table({{"good", 4}, {"missed", 3}, {"bad", 2}, {"worse", 1}});
  const Evaluation evaluation =
      RerankingEvaluator("NanoNQ_R100", {kSample}, {.at_k = 5}).evaluate(table.scorer());
  std::vector<std::string> names;
  for (const auto& metric : evaluation.metrics) names.push_back(metric.first);
  EXPECT_EQ(names, (std::vector<std::string>{"NanoNQ_R100_map", "NanoNQ_R100_mrr@5",
                                             "NanoNQ_R100_ndcg@5", "NanoNQ_R100_base_map",
                                             "NanoNQ_R100_base_mrr@5", "NanoNQ_R100_base_ndcg@5"}));
  EXPECT_EQ(evaluation.primary_metric, "NanoNQ_R100_ndcg@5");
}

TEST(RerankingEvaluator, ReportsTheMetricsAskedForBehindThePeers) {
  TableScorer table({{"good", 4}, {"bad", 3}, {"worse", 2}, {"missed", 1}});
  const RerankingSample lost{"q2", "query", {"missed"}, {"bad", "worse"}};
  const RerankingEvaluator evaluator(
      "set", {kSample, lost}, {.metrics = {"recall@3", "ndcg@10", "rbp@0.5", "map", "recall@3"}});
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  EXPECT_EQ(evaluator.own_metric_names(),
            (std::vector<std::string>{"map", "mrr@10", "ndcg@10", "base_map", "base_mrr@10",
                                      "base_ndcg@10", "recall@3", "rbp@0.5"}));
  ASSERT_EQ(evaluation.metrics.size(), 8U);
  EXPECT_EQ(evaluation.metrics[6].first, "set_recall@3");
  EXPECT_EQ(evaluation.per_query.at("set_recall@3"),  // good, bad, worse, missed; all of q2's three
            (std::vector<std::pair<std::string, double>>{{"q1", 1.0 / 2}, {"q2", 1}}));
  EXPECT_NEAR(evaluation.at("set_rbp@0.5"),
              (0.5 * (1 + std::pow(0.5, 3)) + 0.5 * std::pow(0.5, 2)) / 2, kTolerance);
  EXPECT_EQ(evaluation.primary_metric, "set_ndcg@10");
}

TEST(RerankingEvaluator, CountsMetricsAskedForZeroWhereNothingIsRelevant) {
  const RerankingSample lost{"q2", "query", {"missed"}, {"bad", "worse"}};
  TableScorer table({{"good", 3}, {"bad", 2}, {"worse", 1}});
  const Evaluation evaluation =
      RerankingEvaluator("", {kSample, lost},
                         {.always_rerank_positives = false, .metrics = {"success@1"}})
          .evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("success@1"), (1.0 + 0) / 2);
}

TEST(RerankingEvaluator, CountsMissedPositivesInTheMetricsAskedFor) {
  TableScorer table({{"good", 3}, {"bad", 2}, {"worse", 1}});
  const Evaluation evaluation =
      RerankingEvaluator("", {kSample},
                         {.always_rerank_positives = false,
                          .metrics = {"recall@100", "ndcg@20", "bpref", "success@1"}})
          .evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("recall@100"), 1.0 / 2);
  EXPECT_NEAR(evaluation.at("ndcg@20"), d(1) / (d(1) + d(2)), kTolerance);
  EXPECT_EQ(evaluation.at("bpref"), 1.0 / 2);
  EXPECT_EQ(evaluation.at("success@1"), 1);
  for (const char* peers : {"map", "mrr@10", "ndcg@10"})
    EXPECT_EQ(evaluation.at(peers), 1) << peers;
}

TEST(RerankingEvaluator, CountsEveryMissedPositiveOnceMoreWhereTextsRepeat) {
  const RerankingSample twice{"q1", "query", {"good", "good", "missed"}, {"good", "bad"}};
  TableScorer table({{"good", 2}, {"bad", 1}});
  const Evaluation evaluation =
      RerankingEvaluator("", {twice}, {.always_rerank_positives = false, .metrics = {"recall@9"}})
          .evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("recall@9"), 1.0 / 3);
}

TEST(RerankingEvaluator, LeavesOutAndListsQueriesWithoutDocuments) {
  TableScorer table({{"good", 1}, {"missed", 2}, {"bad", 3}, {"worse", 4}});
  const RerankingEvaluator alone("", {kSample});
  const RerankingEvaluator both("", {{"empty", "query", {"good"}, {}}, kSample});
  EXPECT_EQ(both.left_out_queries(), std::vector<std::string>{"empty"});
  EXPECT_EQ(both.evaluate(table.scorer()).metrics, alone.evaluate(table.scorer()).metrics);
}

TEST(RerankingEvaluator, RefusesBadInput) {
  EXPECT_THROW(RerankingEvaluator("", {}), std::invalid_argument);
  EXPECT_THROW(RerankingEvaluator("", {{"empty", "query", {"good"}, {}}}), std::invalid_argument);
  EXPECT_THROW(RerankingEvaluator("", {kSample}, {.at_k = 0}), std::invalid_argument);
  EXPECT_THROW(RerankingEvaluator("", {kSample}, {.metrics = {"ndgc"}}), std::invalid_argument);
  const RerankingEvaluator evaluator("", {kSample});
  const Scorer broken = [](const std::vector<TextPair>& pairs) {
    return std::vector<float>(pairs.size(), std::nanf(""));
  };
  EXPECT_THROW(evaluator.evaluate(broken), std::invalid_argument);
  EXPECT_THROW(evaluator.evaluate_scores(std::vector<float>(3)), std::invalid_argument);
}

TEST(RerankingEvaluator, WritesThePeersCsv) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_reranking" / "eval";
  std::filesystem::remove_all(folder);
  TableScorer table({{"good", 4}, {"missed", 3}, {"bad", 2}, {"worse", 1}});
  const RerankingEvaluator evaluator("NanoNQ_R100", {kSample});
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  evaluator.write_csv(evaluation, {.epoch = 0.5, .step = 500}, folder);
  evaluator.write_csv(evaluation, {}, folder);
  EXPECT_EQ(read_file(folder / "CrossEncoderRerankingEvaluator_NanoNQ_R100_results_@10.csv"),
            "epoch,steps,MAP,MRR@10,NDCG@10\r\n"
            "0.5,500,1.0,1.0,1.0\r\n"
            "-1,-1,1.0,1.0,1.0\r\n");

  const RerankingEvaluator nameless("", {kSample});
  nameless.write_csv(nameless.evaluate(table.scorer()), {}, folder);
  EXPECT_TRUE(std::filesystem::exists(folder / "CrossEncoderRerankingEvaluator_results_@10.csv"));
}

}  // namespace
}  // namespace lambdaforge::evaluators
