#include "experiments/sinks/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

namespace lambdaforge::experiments {
namespace {

const std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1500)};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string told(Happening what) {
  std::ostringstream out;
  JsonSink(out).handle({kTime, std::move(what)});
  return out.str();
}

TEST(JsonSink, TellsTheStartWithEveryParameter) {
  RunStarted run;
  run.project = "demo";
  run.name = "one";
  run.folder = "runs/demo/one";
  run.parameters = {{"training.seed", int64_t{12}}, {"model.num_hidden_layers", {}}};
  run.ranks.resize(2);
  run.first_step = 5;
  run.max_steps = 20;
  run.restarts = 1;
  EXPECT_EQ(told(run),
            R"({"event":"start","time":1.5,"project":"demo","name":"one","folder":"runs/demo/one",)"
            R"("parameters":{"training.seed":12,"model.num_hidden_layers":null},"world_size":2,)"
            R"("first_step":5,"max_steps":20,"restarts":1})"
            "\n");
}

TEST(JsonSink, TellsLoggingStepsAndNullForWhatIsNotFinite) {
  StepFinished step;
  step.step = 3;
  step.max_steps = 20;
  step.epoch = 0.5;
  step.loss = kInfinity;
  step.learning_rate = 1e-4;
  EXPECT_EQ(told(step), "");
  step.log = true;
  EXPECT_EQ(told(step),
            R"({"event":"step","time":1.5,"step":3,"max_steps":20,"epoch":0.5,"loss":null,)"
            R"("learning_rate":0.0001,"grad_norm":0.0,"step_seconds":0.0,"tokens_per_second":0.0,)"
            R"("share_of_peak":0.0})"
            "\n");
}

TEST(JsonSink, TellsEvaluationsWithTheirQueries) {
  EXPECT_EQ(
      told(EvaluationFinished{
          4, 0.5, {{"eval_ndcg@10", 0.25}}, true, "eval_ndcg@10", {{"ndcg@10", {{"q1", 1}}}}}),
      R"({"event":"evaluation","time":1.5,"step":4,"epoch":0.5,)"
      R"("metrics":{"eval_ndcg@10":0.25},"best_so_far":true,)"
      R"("metric_for_best_model":"eval_ndcg@10","per_query":{"ndcg@10":{"q1":1.0}}})"
      "\n");
}

TEST(JsonSink, TellsEnergyAsASumAndInParts) {
  EnergyMeasured energy;
  energy.step = 7;
  energy.cpu_kwh = 0.5;
  energy.gpu_kwh = 0.25;
  energy.emissions_kg = 0.125;
  energy.phase_kwh = {{"training", 0.75}};
  const auto json = nlohmann::json::parse(told(energy));
  EXPECT_EQ(json.at("energy_kwh"), 0.5 + 0.25);
  EXPECT_EQ(json.at("emissions_kg"), 0.125);
  EXPECT_EQ(json.at("phase_kwh").at("training"), 0.75);
}

TEST(JsonSink, TellsCheckpointsAndNoticesOnOneLine) {
  EXPECT_EQ(told(CheckpointSaved{4, "runs/checkpoint-4", 0.5}),
            R"({"event":"checkpoint","time":1.5,"step":4,"path":"runs/checkpoint-4","seconds":0.5})"
            "\n");
  EXPECT_EQ(told(Notice{"two\nlines \xff"}),
            "{\"event\":\"notice\",\"time\":1.5,\"text\":\"two\\nlines \xEF\xBF\xBD\"}\n");
}

TEST(JsonSink, LeavesTheEndToTheLastLine) {
  EXPECT_EQ(told(RunFinished{}) + told(RunStopped{}) + told(RunFailed{}), "");
  RunResult result;
  result.outcome = Outcome::kStopped;
  result.step = 4;
  const auto json = nlohmann::json::parse(end_line(kTime, result));
  EXPECT_EQ(json.at("event"), "end");
  EXPECT_EQ(json.at("time"), 1.5);
  EXPECT_EQ(json.at("outcome"), "stopped");
  EXPECT_EQ(json.at("step"), 4);
}

TEST(JsonSink, ThrowsWhenTheOutputIsClosed) {
  std::ostringstream out;
  JsonSink sink(out);
  out.setstate(std::ios::badbit);
  EXPECT_THROW(sink.handle({kTime, Notice{"lost"}}), std::runtime_error);
}

}  // namespace
}  // namespace lambdaforge::experiments
