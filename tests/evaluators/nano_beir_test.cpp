#include "evaluators/nano_beir.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

RankingSet nano_nq() {
  return {.name = "NanoNQ",
          .queries = {{"q1", "one"}, {"q2", "two"}},
          .corpus = {{"a", "alpha"}, {"b", "beta"}, {"c", "gamma"}},
          .qrels = {{"q1", {"b"}}, {"q2", {"a"}}},
          .candidates = {{"q1", {"a", "b", "c"}}, {"q2", {"a", "c"}}}};
}

RankingSet nano_scifact() {
  return {.name = "NanoSciFact",
          .queries = {{"q1", "three"}},
          .corpus = {{"a", "alpha"}, {"c", "gamma"}},
          .qrels = {{"q1", {"c"}}},
          .candidates = {{"q1", {"a", "c"}}}};
}

const std::map<std::string, float> kScores = {{"alpha", 3}, {"beta", 2}, {"gamma", 1}};

std::string error_of(const RankingSet& set) {
  try {
    NanoBeirEvaluator evaluator({set});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(NanoBeirEvaluator, AveragesOverSetsInOneScorerCall) {
  TableScorer table(kScores);
  const Evaluation evaluation =
      NanoBeirEvaluator({nano_nq(), nano_scifact()}).evaluate(table.scorer());
  EXPECT_EQ(table.calls.size(), 1U);
  const double nq = (1.0 / 2 + 1) / 2;
  EXPECT_EQ(evaluation.at("NanoNQ_R100_mrr@10"), nq);
  EXPECT_EQ(evaluation.at("NanoSciFact_R100_mrr@10"), 1.0 / 2);
  EXPECT_EQ(evaluation.at("NanoBEIR_R100_mean_mrr@10"), (nq + 1.0 / 2) / 2);
  EXPECT_EQ(evaluation.at("NanoBEIR_R100_mean_base_map"), (nq + 1.0 / 2) / 2);
  EXPECT_EQ(evaluation.primary_metric, "NanoBEIR_R100_mean_ndcg@10");
  EXPECT_EQ(evaluation.per_query.at("NanoSciFact_R100_mrr@10").at(0).first, "q1");
}

TEST(NanoBeirEvaluator, ReportsSetsFirstAndMeansLast) {
  TableScorer table(kScores);
  const Evaluation evaluation =
      NanoBeirEvaluator({nano_nq()}, {.rerank_k = 20, .at_k = 5}).evaluate(table.scorer());
  ASSERT_EQ(evaluation.metrics.size(), 12U);
  EXPECT_EQ(evaluation.metrics[0].first, "NanoNQ_R20_map");
  EXPECT_EQ(evaluation.metrics[5].first, "NanoNQ_R20_base_ndcg@5");
  EXPECT_EQ(evaluation.metrics[6].first, "NanoBEIR_R20_mean_map");
  EXPECT_EQ(evaluation.metrics[11].first, "NanoBEIR_R20_mean_base_ndcg@5");
}

TEST(NanoBeirEvaluator, AveragesTheMetricsAskedForToo) {
  TableScorer table(kScores);
  const NanoBeirEvaluator evaluator({nano_nq(), nano_scifact()}, {.metrics = {"success@1"}});
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("NanoNQ_R100_success@1"), (0.0 + 1) / 2);
  EXPECT_EQ(evaluation.at("NanoBEIR_R100_mean_success@1"), ((0.0 + 1) / 2 + 0) / 2);
  EXPECT_EQ(evaluation.per_query.at("NanoSciFact_R100_success@1").at(0).second, 0);
  std::vector<std::string> names;
  for (const auto& metric : evaluation.metrics) names.push_back(metric.first);
  EXPECT_EQ(names, evaluator.metric_names());
  EXPECT_EQ(names.size(), 3 * 7U);
}

TEST(NanoBeirEvaluator, CutsTheCandidatesOff) {
  TableScorer table(kScores);
  const Evaluation evaluation =
      NanoBeirEvaluator({nano_nq()}, {.rerank_k = 1, .always_rerank_positives = false})
          .evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("NanoNQ_R1_map"), (0.0 + 1.0) / 2);
  EXPECT_EQ(evaluation.at("NanoNQ_R1_base_map"), (0.0 + 1.0) / 2);
}

TEST(NanoBeirEvaluator, CountsAJudgementOnceAndEqualTextsTwice) {
  RankingSet set = nano_scifact();
  set.corpus.emplace_back("c2", "gamma");
  set.qrels["q1"] = {"c", "c2", "c"};
  TableScorer table(kScores);
  NanoBeirEvaluator({set}).evaluate(table.scorer());
  ASSERT_EQ(table.calls.at(0).size(), 3U);  // gamma, gamma, alpha
  EXPECT_EQ(table.calls[0][1].document, "gamma");
}

TEST(NanoBeirEvaluator, LeavesOutQueriesWithEmptyOrAbsentCandidates) {
  TableScorer table(kScores);
  for (const bool absent : {false, true}) {
    RankingSet set = nano_nq();
    if (absent)
      set.candidates.erase("q2");
    else
      set.candidates["q2"].clear();
    const NanoBeirEvaluator evaluator({set});
    EXPECT_EQ(evaluator.evaluators().at(0).left_out_queries(), std::vector<std::string>{"q2"});
    EXPECT_EQ(evaluator.evaluate(table.scorer()).at("NanoNQ_R100_mrr@10"), 1.0 / 2);
  }
}

TEST(NanoBeirEvaluator, IgnoresQueriesOfOtherSplits) {
  RankingSet set = nano_nq();
  set.queries.emplace_back("train-1", "neither judged nor retrieved");
  EXPECT_TRUE(NanoBeirEvaluator({set}).evaluators().at(0).left_out_queries().empty());
}

TEST(NanoBeirEvaluator, NamesIdsThatDoNotMeet) {
  RankingSet set = nano_nq();
  set.candidates["q1"].push_back("zz");
  EXPECT_EQ(error_of(set),
            "data set NanoNQ: the candidates of query 'q1' name document 'zz', which the corpus of "
            "3 documents lacks");
  set = nano_nq();
  set.qrels["q2"].push_back("zz");
  EXPECT_EQ(error_of(set),
            "data set NanoNQ: the qrels of query 'q2' name document 'zz', which the corpus of 3 "
            "documents lacks");
  set = nano_nq();
  set.candidates["q9"] = {"a"};
  EXPECT_EQ(error_of(set),
            "data set NanoNQ: there are candidates for query 'q9', which is not among the 2 "
            "queries");
  set = nano_nq();
  set.qrels.erase("q1");
  EXPECT_EQ(error_of(set), "data set NanoNQ: query 'q1' has candidates but no qrels");
}

TEST(NanoBeirEvaluator, RefusesBadOptions) {
  EXPECT_THROW(NanoBeirEvaluator({}), std::invalid_argument);
  EXPECT_THROW(NanoBeirEvaluator({nano_nq()}, {.rerank_k = 0}), std::invalid_argument);
  EXPECT_THROW(NanoBeirEvaluator({nano_nq()}, {.at_k = -1}), std::invalid_argument);
}

TEST(NanoBeirEvaluator, WritesThePeersCsvWhateverElseIsAskedFor) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_nano_beir_more";
  std::filesystem::remove_all(folder);
  TableScorer table({{"alpha", 1}, {"gamma", 2}});
  const NanoBeirEvaluator evaluator({nano_scifact()}, {.metrics = {"recall@5"}});
  evaluator.write_csv(evaluator.evaluate(table.scorer()), {.epoch = 1, .step = 10}, folder);
  EXPECT_EQ(read_file(folder / "NanoBEIR_evaluation_mean_results.csv"),
            "epoch,steps,MAP,MRR@10,NDCG@10\n1.0,10,1.0,1.0,1.0\n");
}

TEST(NanoBeirEvaluator, WritesOneCsvASetAndOneForTheMean) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_nano_beir";
  std::filesystem::remove_all(folder);
  TableScorer table({{"alpha", 1}, {"gamma", 2}});
  const NanoBeirEvaluator evaluator({nano_scifact()});
  evaluator.write_csv(evaluator.evaluate(table.scorer()), {.epoch = 1, .step = 10}, folder);
  EXPECT_EQ(read_file(folder / "NanoBEIR_evaluation_mean_results.csv"),
            "epoch,steps,MAP,MRR@10,NDCG@10\n1.0,10,1.0,1.0,1.0\n");
  EXPECT_EQ(read_file(folder / "CrossEncoderRerankingEvaluator_NanoSciFact_R100_results_@10.csv"),
            "epoch,steps,MAP,MRR@10,NDCG@10\r\n1.0,10,1.0,1.0,1.0\r\n");
}

}  // namespace
}  // namespace lambdaforge::evaluators
