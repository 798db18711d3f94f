#include "evaluators/classification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

#include "base/files.h"
#include "evaluators/classification_metrics.h"
#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(BinaryFigures, PutsThresholdsHalfWay) {
  const BinaryFigures figures =
      binary_figures(std::vector<float>{4, 3, 2, 1}, std::vector<int>{1, 0, 1, 0});
  EXPECT_EQ(figures.accuracy, 3.0 / 4);  // {4} or {4, 3, 2} called positive: the higher threshold
  EXPECT_EQ(figures.accuracy_threshold, (4.0f + 3.0f) / 2);
  EXPECT_EQ(figures.precision, 2.0 / 3);
  EXPECT_EQ(figures.recall, 1.0);
  EXPECT_EQ(figures.f1, 2 * (2.0 / 3) * 1 / (2.0 / 3 + 1));
  EXPECT_EQ(figures.f1_threshold, (2.0f + 1.0f) / 2);
  EXPECT_EQ(figures.average_precision, (1.0 + 2.0 / 3) / 2);
}

TEST(BinaryFigures, NeverPartsATie) {
  const BinaryFigures figures =
      binary_figures(std::vector<float>{2, 2, 2, 1}, std::vector<int>{1, 1, 0, 0});
  EXPECT_EQ(figures.accuracy, 3.0 / 4);
  EXPECT_EQ(figures.accuracy_threshold, (2.0f + 1.0f) / 2);
  EXPECT_EQ(figures.precision, 2.0 / 3);
  EXPECT_EQ(figures.average_precision, 2.0 / 3);
}

TEST(BinaryFigures, CallsAllNegativeWhereThatIsBest) {
  const BinaryFigures figures =
      binary_figures(std::vector<float>{0.5f, 0.25f, 0.125f}, std::vector<int>{0, 0, 1});
  EXPECT_EQ(figures.accuracy, 2.0 / 3);
  EXPECT_EQ(figures.accuracy_threshold, std::nextafter(0.5f, kInfinity));
  EXPECT_EQ(figures.f1_threshold, 0.125f);  // all positive: the last score itself
  EXPECT_EQ(figures.f1, 2 * (1.0 / 3) * 1 / (1.0 / 3 + 1));
}

TEST(BinaryFigures, HaveValuesForOneClassToo) {
  const std::vector<float> scores = {0.75f, 0.5f};
  const BinaryFigures none = binary_figures(scores, std::vector<int>{0, 0});
  EXPECT_EQ(none.accuracy, 1);
  EXPECT_EQ(none.f1, 0);
  EXPECT_EQ(none.f1_threshold, 0);
  EXPECT_EQ(none.average_precision, 0);
  const BinaryFigures all = binary_figures(scores, std::vector<int>{1, 1});
  EXPECT_EQ(all.accuracy, 1);
  EXPECT_EQ(all.accuracy_threshold, 0.5f);
  EXPECT_EQ(all.f1, 1);
  EXPECT_EQ(all.average_precision, 1);
}

TEST(BinaryFigures, KeepTheThresholdAboveANeighbourThatHalfWayRoundsTo) {
  const float low = std::nextafter(1.0f, kInfinity), high = std::nextafter(low, kInfinity);
  ASSERT_EQ((low + 1.0f) / 2, 1.0f);
  const BinaryFigures figures =
      binary_figures(std::vector<float>{low, 1.0f}, std::vector<int>{1, 0});
  EXPECT_EQ(figures.accuracy_threshold, low);
  EXPECT_EQ(figures.f1_threshold, low);
  ASSERT_EQ((high + low) / 2, high);  // to even: here half-way is above
  EXPECT_EQ(binary_figures(std::vector<float>{high, low}, std::vector<int>{1, 0}).f1_threshold,
            high);
}

TEST(F1Averages, AverageOverTheClassesThatOccur) {
  // Class 0: tp 1, fp 1, fn 1. Class 1: tp 1, fn 1. Class 2: fp 1, no label. Class 3: neither.
  const std::vector<size_t> labels = {0, 0, 1, 1}, predicted = {0, 2, 1, 0};
  const F1Averages averages = f1_averages(labels, predicted, 4);
  const double first = 2.0 / 4, second = 2.0 / 3;
  EXPECT_NEAR(averages.macro, (first + second + 0) / 3, 1e-15);
  EXPECT_NEAR(averages.micro, 2.0 / 4, 1e-15);
  EXPECT_NEAR(averages.weighted, (2 * first + 2 * second) / 4, 1e-15);
}

LabelledPairs three_pairs(std::vector<double> labels) {
  return {.name = "dev",
          .pairs = {{"q", "alpha"}, {"q", "beta"}, {"q", "gamma"}},
          .labels = std::move(labels)};
}

std::string error_of(const LabelledPairs& labelled, size_t num_labels) {
  try {
    ClassificationEvaluator evaluator(labelled, {.num_labels = num_labels});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(ClassificationEvaluator, PutsThresholdsOnActivatedScores) {
  TableScorer table({{"alpha", 1}, {"beta", 3}, {"gamma", 2}});
  const Activation halve = [](std::span<float> scores) {
    for (float& score : scores) score /= 2;
  };
  const ClassificationEvaluator evaluator(three_pairs({0, 1, 0}), {.activation = halve});
  const Evaluation evaluation = evaluator.evaluate(table.scorer());
  EXPECT_EQ(evaluation.at("dev_accuracy"), 1);
  EXPECT_EQ(evaluation.at("dev_accuracy_threshold"), (1.5f + 1.0f) / 2);
  EXPECT_EQ(evaluation.at("dev_f1_threshold"), (1.5f + 1.0f) / 2);
  EXPECT_EQ(evaluation.primary_metric, "dev_average_precision");
  std::vector<std::string> names;
  for (const auto& metric : evaluation.metrics) names.push_back(metric.first);
  EXPECT_EQ(names, evaluator.metric_names());
  EXPECT_EQ(names.size(), 7U);
}

TEST(ClassificationEvaluator, TakesTheLargestOfSeveralScores) {
  const Scorer scorer = [](const std::vector<TextPair>&) {
    return std::vector<float>{0, 5, 5, /**/ 9, 1, 2, /**/ -3, -2, -1};
  };
  const ClassificationEvaluator evaluator(three_pairs({1, 0, 0}), {.num_labels = 3});
  const Evaluation evaluation = evaluator.evaluate(scorer);
  // Classes 1 (the first of equals), 0 and 2.
  EXPECT_EQ(evaluation.at("dev_f1_macro"), (2.0 / 3 + 1 + 0) / 3);
  EXPECT_EQ(evaluation.at("dev_f1_micro"), 2.0 / 3);
  EXPECT_EQ(evaluation.primary_metric, "dev_f1_macro");
  EXPECT_EQ(evaluator.metric_names(),
            (std::vector<std::string>{"dev_f1_macro", "dev_f1_micro", "dev_f1_weighted"}));
}

TEST(ClassificationEvaluator, RefusesAnotherNumberOfScores) {
  TableScorer table({{"alpha", 1}, {"beta", 3}, {"gamma", 2}});
  EXPECT_THROW(
      ClassificationEvaluator(three_pairs({0, 1, 2}), {.num_labels = 3}).evaluate(table.scorer()),
      std::invalid_argument);
}

TEST(ClassificationEvaluator, RefusesLabelsThatAreNoClass) {
  EXPECT_EQ(error_of(three_pairs({0, 1, 2}), 1),
            "evaluator 'dev': label 2 of pair 2 (from 0) is no class; expected a whole number from "
            "0 to 1");
  EXPECT_EQ(error_of(three_pairs({0, 2.5, 2}), 3),
            "evaluator 'dev': label 2.5 of pair 1 (from 0) is no class; expected a whole number "
            "from 0 to 2");
  EXPECT_NE(error_of(three_pairs({-1, 0, 2}), 3), "");
  EXPECT_NE(error_of(three_pairs({std::nan(""), 0, 2}), 3), "");
  EXPECT_NE(error_of({}, 1), "");
  EXPECT_NE(error_of(three_pairs({0, 1}), 1), "");
}

std::string csv_of(const ClassificationEvaluator& evaluator, const Scorer& scorer) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_classification";
  std::filesystem::remove_all(folder);
  evaluator.write_csv(evaluator.evaluate(scorer), {.epoch = 0.5, .step = 3}, folder);
  return read_file(folder / "CrossEncoderClassificationEvaluator_dev_results.csv");
}

TEST(ClassificationEvaluator, WritesThePeersCsv) {
  TableScorer table({{"alpha", 0.1f}, {"beta", 0.1f}, {"gamma", 0.1f}});
  const std::string header =
      "epoch,steps,Accuracy,Accuracy_Threshold,F1,F1_Threshold,Precision,Recall,"
      "Average_Precision\r\n";
  EXPECT_EQ(csv_of(ClassificationEvaluator(three_pairs({1, 1, 1})), table.scorer()),
            header + "0.5,3,1.0,0.1,1.0,0.1,1.0,1.0,1.0\r\n");
  // numpy.nextafter(numpy.float32(0.1), numpy.inf) prints as 0.10000001; F1 and its kin are 0, no
  // floats.
  EXPECT_EQ(csv_of(ClassificationEvaluator(three_pairs({0, 0, 0})), table.scorer()),
            header + "0.5,3,1.0,0.10000001,0,0,0,0,0.0\r\n");
  const Scorer first = [](const std::vector<TextPair>&) {
    return std::vector<float>{1, 0, 1, 0, 1, 0};
  };
  EXPECT_EQ(csv_of(ClassificationEvaluator(three_pairs({0, 0, 0}), {.num_labels = 2}), first),
            "epoch,steps,Macro_F1,Micro_F1,Weighted_F1\r\n0.5,3,1.0,1.0,1.0\r\n");
}

}  // namespace
}  // namespace lambdaforge::evaluators
