#include "experiments/prometheus/run_metrics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace lambdaforge::experiments {
namespace {

constexpr std::chrono::system_clock::time_point kTime{std::chrono::seconds(1700000000)};

RunStarted two_ranks() {
  RunStarted run;
  run.project = "p";
  run.name = "r";
  run.folder = ".";
  run.ranks = {{0, 0, "node1", "cuda:0", "GPU-1"}, {1, 1, "node1", "cpu", ""}};
  run.first_step = 3;
  run.max_steps = 10;
  run.restarts = 1;
  return run;
}

class RunMetricsTest : public testing::Test {
 protected:
  void happens(Happening what) { metrics_.update({kTime, std::move(what)}); }
  bool has(const std::string& part) const {
    return metrics_.text().find(part) != std::string::npos;
  }
  bool has_line(const std::string& line) const { return has("\n" + line + "\n"); }

  RunMetrics metrics_{two_ranks(), {0}};
};

TEST_F(RunMetricsTest, TellsOfTheRunFromTheStart) {
  happens(two_ranks());
  EXPECT_TRUE(has_line(R"(lambdaforge_world_size{project="p",run="r",rank="0"} 2)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_step{project="p",run="r",rank="0"} 3)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_restarts_total{project="p",run="r",rank="0"} 1)"));
  EXPECT_TRUE(
      has_line(R"(lambdaforge_run_status{project="p",run="r",rank="0",status="running"} 1)"));
  EXPECT_TRUE(
      has("lambdaforge_last_step_timestamp_seconds{project=\"p\","
          "run=\"r\",rank=\"0\"} 1700000000"));
}

TEST_F(RunMetricsTest, ThereIsNoLossBeforeTheFirstStep) {
  EXPECT_FALSE(has("lambdaforge_loss"));
}

TEST_F(RunMetricsTest, ShowsOnlyTheRanksItIsAskedFor) {
  EXPECT_TRUE(has(R"(lambdaforge_rank_up{project="p",run="r",rank="0"} 1)"));
  EXPECT_FALSE(has(R"(rank="1")"));
  const RunMetrics whole_node(two_ranks(), {0, 1});
  EXPECT_NE(whole_node.text().find(R"(host="node1",rank="1"} 1)"), std::string::npos);
  EXPECT_NE(whole_node.text().find(R"(gpu_uuid="GPU-1")"), std::string::npos);
}

TEST_F(RunMetricsTest, AddsUpStepsAndTheirParts) {
  StepFinished step;
  step.step = 4;
  step.loss = 0.5;
  step.grad_norm = 2;
  happens(step);  // the ranks' figures are those of the step before: none
  step.step = 5;
  step.ranks = {{.seconds = 0.3, .forward = 0.1, .lists = 2, .pairs = 16, .tokens = 100}, {}};
  happens(step);
  happens(step);
  EXPECT_TRUE(has_line(R"(lambdaforge_loss{project="p",run="r",rank="0"} 0.5)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_gradient_norm{project="p",run="r",rank="0"} 2)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_steps_total{project="p",run="r",rank="0"} 3)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_tokens_total{project="p",run="r",rank="0"} 200)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_pairs_total{project="p",run="r",rank="0"} 32)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_lists_total{project="p",run="r",rank="0"} 4)"));
  EXPECT_TRUE(
      has_line("lambdaforge_step_duration_seconds_bucket{project=\"p\",run=\"r\","
               "rank=\"0\",le=\"0.5\"} 2"));
  EXPECT_TRUE(
      has_line("lambdaforge_step_part_duration_seconds_sum{project=\"p\",run=\"r\","
               "part=\"forward\",rank=\"0\"} 0.2"));
}

TEST_F(RunMetricsTest, TheEndTellsOfTheLastStep) {
  StepFinished step;
  step.ranks = {{.seconds = 0.3, .lists = 2}, {}};
  happens(step);
  RunFinished end;
  end.ranks = {{.seconds = 0.3, .lists = 3}, {}};
  happens(end);
  EXPECT_TRUE(has_line(R"(lambdaforge_lists_total{project="p",run="r",rank="0"} 5)"));
  EXPECT_TRUE(
      has_line(R"(lambdaforge_step_duration_seconds_count{project="p",run="r",rank="0"} 2)"));
}

TEST_F(RunMetricsTest, SplitsTheNamesOfEvaluations) {
  EvaluationFinished evaluation;
  evaluation.step = 5;
  evaluation.metrics = {
      {"eval_NanoNQ_R100_ndcg@10", 0.5}, {"eval_NanoNQ_R100_base_ndcg@10", 0.25}, {"eval_loss", 2}};
  evaluation.best_so_far = true;
  evaluation.metric_for_best_model = "eval_NanoNQ_R100_ndcg@10";
  happens(evaluation);
  const std::string nq = R"(project="p",run="r",dataset="NanoNQ_R100",)";
  EXPECT_TRUE(has_line("lambdaforge_evaluation{" + nq + R"(metric="ndcg@10",rank="0"} 0.5)"));
  EXPECT_TRUE(has_line("lambdaforge_evaluation{" + nq + R"(metric="base_ndcg@10",rank="0"} 0.25)"));
  EXPECT_TRUE(has_line("lambdaforge_best_evaluation{" + nq +
                       R"(greater_is_better="true",metric="ndcg@10",rank="0"} 0.5)"));
  EXPECT_TRUE(has(R"(dataset="",metric="loss",rank="0"} 2)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_best_step{project="p",run="r",rank="0"} 5)"));
}

TEST_F(RunMetricsTest, KnowsTheBestOfEarlierParts) {
  EXPECT_FALSE(has("lambdaforge_best_"));  // there were none
  RunStarted resumed = two_ranks();
  resumed.best = {"eval_NanoNQ_R100_ndcg@10", 0.5, 2};
  const std::string text = RunMetrics(resumed, {0}).text();
  for (
      const char* line :
      {R"(lambdaforge_best_evaluation{project="p",run="r",dataset="NanoNQ_R100",greater_is_better="true",metric="ndcg@10",rank="0"} 0.5)",
       R"(lambdaforge_best_step{project="p",run="r",rank="0"} 2)"})
    EXPECT_NE(text.find(line), std::string::npos) << text;
}

TEST_F(RunMetricsTest, TheBestTellsWhichWayIsBetter) {
  EvaluationFinished evaluation;
  evaluation.metrics = {{"eval_loss", 0.5}};
  evaluation.best_so_far = true;
  evaluation.metric_for_best_model = "eval_loss";
  happens(evaluation);
  EXPECT_TRUE(has(R"(greater_is_better="false",metric="loss",rank="0"} 0.5)"));
  RunStarted run = two_ranks();
  run.parameters = {{"training.greater_is_better", true}};
  RunMetrics told(run, {0});
  told.update({kTime, evaluation});
  EXPECT_NE(told.text().find(R"(greater_is_better="true",metric="loss")"), std::string::npos);
}

TEST_F(RunMetricsTest, NamesLikeMarkupStayOneSeries) {
  EvaluationFinished evaluation;
  evaluation.metrics = {{"x\"} 1\nlambdaforge_rank_up{y=\"<b>\\_map", 0.5}};
  happens(evaluation);
  EXPECT_TRUE(has(R"(dataset="x\"} 1\nlambdaforge_rank_up{y=\"<b>\\")"));
}

TEST_F(RunMetricsTest, KeepsTheNumberOfSeriesBounded) {
  EvaluationFinished evaluation;
  for (size_t i = 0; i <= RunMetrics::kMaxEvaluationSeries; ++i)
    evaluation.metrics.emplace_back(fmt::format("eval_set{}_map", i), 0.5);
  EXPECT_THROW(happens(evaluation), std::runtime_error);
  size_t series = 0;
  std::istringstream text(metrics_.text());
  for (std::string line; std::getline(text, line);)
    series += line.starts_with("lambdaforge_evaluation{");
  EXPECT_EQ(series, RunMetrics::kMaxEvaluationSeries);
  evaluation.metrics.resize(RunMetrics::kMaxEvaluationSeries);
  happens(evaluation);  // those that are known go on
}

TEST_F(RunMetricsTest, EnergyIsInJoulesAndNeverFalls) {
  EnergyMeasured energy;
  energy.cpu_kwh = 0.5;
  energy.emissions_kg = 0.25;
  energy.cpu_watts = 90;
  energy.phase_kwh = {{"training", 0.5}};
  happens(energy);
  energy.cpu_kwh = 0.75;
  happens(energy);
  energy.cpu_kwh = 0.7;
  happens(energy);
  const std::string labels = R"({project="p",run="r",)";
  EXPECT_TRUE(
      has_line(fmt::format(R"(lambdaforge_energy_joules_total{}component="cpu",rank="0"}} {})",
                           labels, 0.75 * 3600 * 1000)));
  EXPECT_TRUE(has_line(
      fmt::format(R"(lambdaforge_phase_energy_joules_total{}phase="training",rank="0"}} {})",
                  labels, 0.5 * 3600 * 1000)));
  EXPECT_TRUE(has_line("lambdaforge_emissions_grams_total" + labels + R"(rank="0"} 250)"));
  EXPECT_TRUE(has_line("lambdaforge_power_watts" + labels + R"(component="cpu",rank="0"} 90)"));
}

TEST_F(RunMetricsTest, TellsOfCheckpoints) {
  happens(CheckpointSaved{7, "checkpoint-7", 1.5});
  EXPECT_TRUE(has_line(R"(lambdaforge_checkpoints_total{project="p",run="r",rank="0"} 1)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_last_checkpoint_step{project="p",run="r",rank="0"} 7)"));
}

TEST_F(RunMetricsTest, AFailureThatDivergedLeavesNoLoss) {
  happens(StepFinished{.step = 1, .loss = 0.5});
  happens(RunFailed{1, true, "diverged"});
  EXPECT_TRUE(has_line(R"(lambdaforge_loss{project="p",run="r",rank="0"} Nan)"));
  EXPECT_TRUE(
      has_line(R"(lambdaforge_run_status{project="p",run="r",rank="0",status="failed"} 1)"));
  EXPECT_TRUE(
      has_line(R"(lambdaforge_run_status{project="p",run="r",rank="0",status="running"} 0)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_rank_up{project="p",run="r",rank="0"} 0)"));
}

TEST_F(RunMetricsTest, ARunStoppedOnRequestHasNotFailed) {
  happens(RunStopped{1, 0.5, "checkpoint-1", {}});
  EXPECT_TRUE(
      has_line(R"(lambdaforge_run_status{project="p",run="r",rank="0",status="stopped"} 1)"));
  EXPECT_TRUE(
      has_line(R"(lambdaforge_run_status{project="p",run="r",rank="0",status="failed"} 0)"));
  EXPECT_TRUE(has_line(R"(lambdaforge_rank_up{project="p",run="r",rank="0"} 0)"));
}

TEST_F(RunMetricsTest, MeasuresTheDisk) {
  metrics_.measure_free_space();
  EXPECT_TRUE(has("lambdaforge_run_folder_free_bytes{"));
  EXPECT_FALSE(has_line(R"(lambdaforge_run_folder_size_bytes{project="p",run="r",rank="0"} 0)"));
}

}  // namespace
}  // namespace lambdaforge::experiments
