#include "evaluators/paired_runs.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::evaluators {
namespace {

using Values = std::vector<double>;

const EvaluatedRun kRun = {"a.csv",
                           {{"NQ_R100_ndcg@10", {{"q1", 0.1}, {"q2", 0.2}, {"q3", 0.3}}},
                            {"NQ_R100_base_ndcg@10", {{"q1", 0}}},
                            {"NQ_R100_ndcg@100", {{"q1", 0}}},
                            {"NQ_R100_map", {{"q1", 0.7}}},
                            {"NQ_R100_base_map", {{"q1", 0.6}}},
                            {"my_set_ndcg@10", {{"x", 0.5}}}}};

// kRun under another name, with one metric's values replaced.
EvaluatedRun other(const std::string& metric, PerQueryValues::mapped_type values) {
  EvaluatedRun run{"b.csv", kRun.per_query};
  run.per_query[metric] = std::move(values);
  return run;
}

std::string complaint(const EvaluatedRun& a, const EvaluatedRun& b,
                      const std::string& metric = "ndcg@10") {
  try {
    pair_runs(a, b, metric);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(PairRuns, TakesEveryDataSetOfTheMetric) {
  const auto pairs =
      pair_runs(kRun, other("NQ_R100_ndcg@10", {{"q3", 3}, {"q1", 1}, {"q2", 2}}), "ndcg@10");
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].data_set, "NQ_R100");
  EXPECT_EQ(pairs[0].a, (Values{0.1, 0.2, 0.3}));
  EXPECT_EQ(pairs[0].b, (Values{1, 2, 3}));  // b's queries are in another order
  EXPECT_EQ(pairs[1].data_set, "my_set");
}

TEST(PairRuns, LeavesTheFirstStageOut) {
  const auto pairs = pair_runs(kRun, kRun, "map");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].data_set, "NQ_R100");
  EXPECT_EQ(pairs[0].a, Values{0.7});
}

TEST(PairRuns, TakesADataSetForNoFirstStage) {
  const EvaluatedRun run = {"a.csv",
                            {{"x_base_map", {{"q1", 0.5}}}, {"x_base_base_map", {{"q1", 0.25}}}}};
  const auto pairs = pair_runs(run, run, "map");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].data_set, "x_base");
  EXPECT_EQ(pairs[0].a, Values{0.5});
}

TEST(PairRuns, KnowsTheMetricWithAnUnderscore) {
  const EvaluatedRun run = {"a.csv", {{"x_ndcg_exp@10", {{"q1", 0.5}}}}};
  EXPECT_EQ(pair_runs(run, run, "ndcg_exp@10").at(0).data_set, "x");
  EXPECT_NE(complaint(run, run, "exp@10").find("known: ndcg_exp@10"), std::string::npos);
}

TEST(PairRuns, TakesFiguresOfOthers) {
  const EvaluatedRun run = {"a.csv", {{"my_set_f1", {{"q1", 0.5}}}}};
  EXPECT_EQ(pair_runs(run, run, "f1").at(0).data_set, "my_set");
  EXPECT_NE(complaint(run, run, "f2").find("did you mean 'f1'?"), std::string::npos);
}

TEST(PairRuns, NamesTheNearestMetric) {
  EXPECT_EQ(complaint(kRun, kRun, "ndgc@10"),
            "a.csv: unknown metric 'ndgc@10'; did you mean 'ndcg@10'? "
            "known: map, ndcg@10, ndcg@100");
  EXPECT_NE(complaint(kRun, {"b.csv", {{"NQ_R100_map", {{"q1", 1}}}}}).find("b.csv: unknown"),
            std::string::npos);
}

TEST(PairRuns, NamesADataSetOfOneRunOnly) {
  const EvaluatedRun more = other("extra_ndcg@10", {{"q", 1}});
  EXPECT_EQ(complaint(more, kRun),
            "1 of 3 data sets of b.csv are not in a.csv, the first is 'extra'; both runs must be "
            "evaluated on the same ones");
  EXPECT_EQ(complaint(kRun, more), complaint(more, kRun));
}

TEST(PairRuns, NamesAndCountsQueriesOfOneRunOnly) {
  const EvaluatedRun fewer = other("NQ_R100_ndcg@10", {{"q1", 1}});
  EXPECT_EQ(complaint(kRun, fewer),
            "2 of 3 NQ_R100 queries of a.csv are not in b.csv, the first is 'q2'; both runs must "
            "be evaluated on the same ones");
  EXPECT_EQ(complaint(fewer, kRun), complaint(kRun, fewer));
}

}  // namespace
}  // namespace lambdaforge::evaluators
