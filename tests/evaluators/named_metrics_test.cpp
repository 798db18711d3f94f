#include "evaluators/named_metrics.h"

#include <gtest/gtest.h>

#include "evaluators/metrics.h"

namespace lambdaforge::evaluators {
namespace {

// Every metric has a value of its own here: two judgements are missing, two relevant documents too.
const Ranking kRanking =
    rank_as_given({0, std::nullopt, 1, 3, 0, std::nullopt, 2}, {3, 2, 2, 1, 1, 0, 0, -1});

std::string complaint(const std::string& name) {
  try {
    parse_metric(name);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(ParseMetric, FindsTheFunctionOfEachName) {
  const std::vector<std::pair<std::string, std::optional<double>>> expected = {
      {"map", average_precision(kRanking)},
      {"mrr", reciprocal_rank(kRanking, kNoCutOff)},
      {"mrr@2", reciprocal_rank(kRanking, 2)},
      {"ndcg", ndcg(kRanking, kNoCutOff)},
      {"ndcg@4", ndcg(kRanking, 4)},
      {"ndcg_exp", ndcg(kRanking, kNoCutOff, Gain::kExponential)},
      {"ndcg_exp@4", ndcg(kRanking, 4, Gain::kExponential)},
      {"precision@5", precision(kRanking, 5)},
      {"recall@3", recall(kRanking, 3)},
      {"success@3", success(kRanking, 3)},
      {"rbp@0.8", rbp(kRanking, 0.8)},
      {"err", err(kRanking, kNoCutOff)},
      {"err@3", err(kRanking, 3)},
      {"bpref", bpref(kRanking)},
      {"judged@6", judged(kRanking, 6)},
  };
  for (const auto& [name, value] : expected) {
    const Metric metric = parse_metric(name);
    EXPECT_EQ(metric.name, name);
    EXPECT_EQ(metric.value(kRanking), value) << name;
  }
}

TEST(ParseMetric, WritesAParameterInOneWay) {
  EXPECT_EQ(parse_metric("rbp@0.80").name, "rbp@0.8");
  EXPECT_EQ(parse_metric("ndcg@010").name, "ndcg@10");
}

TEST(ParseMetric, NamesTheNearest) {
  EXPECT_EQ(complaint("ndgc@10"),
            "unknown metric 'ndgc'; did you mean 'ndcg'? known: map, mrr, ndcg, ndcg_exp, "
            "precision, recall, success, rbp, err, bpref, judged");
  EXPECT_EQ(complaint("").substr(0, 17), "unknown metric ''");
}

TEST(ParseMetric, RefusesImpossibleParameters) {
  EXPECT_EQ(complaint("map@10"), "metric 'map@10': expected 'map' alone, it reads the whole list");
  EXPECT_EQ(complaint("recall"),
            "metric 'recall': expected a cut-off of 1 or more, as in recall@10");
  EXPECT_EQ(complaint("rbp"),
            "metric 'rbp': expected a persistence above 0 and below 1, as in rbp@0.8");
  for (const std::string name : {"ndcg@", "ndcg@0", "ndcg@-1", "ndcg@ten", "ndcg@1.5", "ndcg@1@2",
                                 "ndcg@99999999999999999999"})
    EXPECT_EQ(complaint(name),
              "metric '" + name + "': expected a cut-off of 1 or more, as in ndcg@10");
  for (const std::string name : {"rbp@", "rbp@0", "rbp@1", "rbp@nan", "rbp@0,8"})
    EXPECT_EQ(complaint(name),
              "metric '" + name + "': expected a persistence above 0 and below 1, as in rbp@0.8");
}

TEST(ParseMetrics, CountsARepeatedNameOnce) {
  const auto metrics = parse_metrics({"map", "ndcg@10", "map", "ndcg@010"});
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics[0].name, "map");
  EXPECT_EQ(metrics[1].name, "ndcg@10");
  EXPECT_THROW(parse_metrics({"map", "mop"}), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::evaluators
