#include "evaluators/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

#include "base/files.h"
#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

TEST(Pearson, IsTheCosineOfTheDeviations) {
  const std::vector<double> x = {1, 2, 3}, y = {1, 2, 6};
  // Deviations (-1, 0, 1) and (-2, -1, 3).
  EXPECT_NEAR(*pearson(x, y), 5 / (std::sqrt(2.0) * std::sqrt(14.0)), 1e-15);
  EXPECT_NEAR(*pearson(x, std::vector<double>{3, 2, 1}), -1, 1e-15);
}

TEST(Pearson, SurvivesLargeValues) {
  EXPECT_NEAR(*pearson(std::vector<double>{-5e210, 5e210, 0}, std::vector<double>{-1, 1, 0}), 1,
              1e-15);
}

TEST(Pearson, IsUndefinedWhereASideIsConstant) {
  const std::vector<double> constant = {0.1, 0.1, 0.1}, other = {1, 2, 3};
  EXPECT_EQ(pearson(constant, other), std::nullopt);
  EXPECT_EQ(spearman(other, constant), std::nullopt);
}

TEST(Pearson, RefusesDifferentLengths) {
  EXPECT_THROW(pearson(std::vector<double>{1, 2}, std::vector<double>{1, 2, 3}),
               std::invalid_argument);
}

TEST(Spearman, SharesTheRanksOfTies) {
  // Ranks (1, 2.5, 2.5, 4) and (1, 2, 3, 4): deviations (-1.5, 0, 0, 1.5), (-1.5, -0.5, 0.5, 1.5).
  EXPECT_NEAR(*spearman(std::vector<double>{1, 5, 5, 9}, std::vector<double>{-3, 0, 10, 1000}),
              4.5 / std::sqrt(4.5 * 5), 1e-15);
}

LabelledPairs three_pairs() {
  return {.name = "sts-dev",
          .pairs = {{"q", "alpha"}, {"q", "beta"}, {"q", "gamma"}},
          .labels = {0.5, 2, 5}};
}

std::string error_of(const LabelledPairs& labelled) {
  try {
    CorrelationEvaluator evaluator(labelled);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(CorrelationEvaluator, ComparesActivatedScoresWithLabels) {
  TableScorer table({{"alpha", 1}, {"beta", 2}, {"gamma", 3}});
  const Activation square = [](std::span<float> scores) {
    for (float& score : scores) score *= score;
  };
  const CorrelationEvaluator evaluator(three_pairs(), square);
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("sts-dev_pearson"),
            *pearson(std::vector<double>{1, 4, 9}, three_pairs().labels));
  EXPECT_NEAR(evaluation.at("sts-dev_spearman"), 1, 1e-15);
  EXPECT_EQ(evaluation.primary_metric, "sts-dev_spearman");
  EXPECT_EQ(evaluator.metric_names(),
            (std::vector<std::string>{"sts-dev_pearson", "sts-dev_spearman"}));
}

TEST(CorrelationEvaluator, GivesScoresThatAreAllEqualZero) {
  TableScorer table({{"alpha", 0.1f}, {"beta", 0.1f}, {"gamma", 0.1f}});
  const Evaluation evaluation = CorrelationEvaluator(three_pairs()).evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("sts-dev_pearson"), 0);
  EXPECT_EQ(evaluation.at("sts-dev_spearman"), 0);
}

TEST(CorrelationEvaluator, RefusesScoresThatAreNotFinite) {
  for (const float broken :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    TableScorer table({{"alpha", 1}, {"beta", broken}, {"gamma", 3}});
    EXPECT_THROW(CorrelationEvaluator(three_pairs()).evaluate(table.scorer()),
                 std::invalid_argument);
  }
}

TEST(CorrelationEvaluator, RefusesLabelsWithoutUse) {
  LabelledPairs labelled = three_pairs();
  labelled.labels = {2, 2, 2};
  EXPECT_EQ(error_of(labelled),
            "evaluator 'sts-dev': all 3 labels are 2; a correlation needs labels that differ");
  labelled.labels = {1, 2};
  EXPECT_EQ(error_of(labelled),
            "evaluator 'sts-dev': 2 labels for 3 pairs; give every pair one label");
  labelled.pairs.resize(1);
  labelled.labels.resize(1);
  EXPECT_EQ(error_of(labelled), "evaluator 'sts-dev': got 1 pairs of texts; expected at least 2");
}

TEST(CorrelationEvaluator, AppendsToThePeersCsv) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_correlation";
  std::filesystem::remove_all(folder);
  LabelledPairs labelled = three_pairs();
  const CorrelationEvaluator named(labelled);
  named.write_csv(with_metrics({{"sts-dev_pearson", 0.5}, {"sts-dev_spearman", 1}}),
                  {.epoch = 1, .step = 10}, folder);
  named.write_csv(with_metrics({{"sts-dev_pearson", 0.25}, {"sts-dev_spearman", -1}}), {}, folder);
  EXPECT_EQ(read_file(folder / "CrossEncoderCorrelationEvaluator_sts-dev_results.csv"),
            "epoch,steps,Pearson_Correlation,Spearman_Correlation\r\n"
            "1.0,10,0.5,1.0\r\n-1,-1,0.25,-1.0\r\n");
  labelled.name.clear();
  CorrelationEvaluator(labelled).write_csv(with_metrics({{"pearson", 0}, {"spearman", 0}}), {},
                                           folder);
  EXPECT_TRUE(std::filesystem::exists(folder / "CrossEncoderCorrelationEvaluator_results.csv"));
}

}  // namespace
}  // namespace lambdaforge::evaluators
