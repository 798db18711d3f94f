#include "experiments/sinks/console.h"

#include <gtest/gtest.h>

#include <sstream>

namespace lambdaforge::experiments {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::chrono::system_clock::time_point kStart{};

StepFinished step(int64_t number, bool log) {
  StepFinished what;
  what.step = number;
  what.max_steps = 10452;
  what.log = log;
  what.loss = 1.12494;
  what.learning_rate = 1.9e-5;
  what.grad_norm = 1.0201;
  what.step_seconds = 0.41;
  what.tokens_per_second = 24100;
  return what;
}

EvaluationFinished evaluation(int64_t number, double value, bool best) {
  return {number, 0.25, {{"eval_ndcg@10", value}}, best, "eval_ndcg@10"};
}

TEST(ConsoleSink, WritesALineALoggingStep) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  console.handle({kStart, step(1, true)});
  EXPECT_EQ(out.str(),
            "step 1/10452 | loss 1.1249 | lr 1.9e-05 | norm 1.02 | 410 ms | 24.1k tok/s | "
            "ETA 1:11:25\n");  // 10451 * 0.41 s
}

TEST(ConsoleSink, ShowsWhatTheRunConsumes) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  EnergyMeasured energy;
  energy.seconds = 760.25;
  energy.cpu_kwh = 0.018;
  energy.memory_kwh = 0.003;
  energy.emissions_kg = 0.01;
  energy.phase_kwh = {{"training", 0.0189}, {"evaluation", 0.0021}};
  console.handle({kStart, energy});
  EXPECT_EQ(out.str(), "");
  console.handle({kStart, step(1, true)});
  EXPECT_NE(out.str().find("24.1k tok/s | 0.021 kWh | ETA"), std::string::npos) << out.str();
  console.handle({kStart, RunFinished{}});
  EXPECT_TRUE(out.str().ends_with(
      "energy: 0.021 kWh (CPU 0.018 kWh, GPU 0 kWh, memory 0.0030 kWh), 10 g CO2e in 760.2 s\n"
      "  training 90%, evaluation 10%\n"))
      << out.str();
}

TEST(ConsoleSink, ForecastsFromThePaceOfTheWholeRun) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  console.handle({kStart, step(452, false)});
  console.handle({kStart + seconds(100), step(552, true)});  // evaluations included: 1 s a step
  EXPECT_NE(out.str().find("| ETA 2:45:00\n"), std::string::npos);  // 9900 s
}

TEST(ConsoleSink, KnowsTheBestOfEarlierParts) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  RunStarted run;
  run.best = {"eval_ndcg@10", 0.5408, 1000};
  console.handle({kStart, run});
  console.handle({kStart, step(1200, true)});
  EXPECT_NE(out.str().find(" | best 0.5408@1000 | ETA"), std::string::npos) << out.str();
}

TEST(ConsoleSink, RemembersTheBest) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  console.handle({kStart, evaluation(1000, 0.5408, true)});
  console.handle({kStart, evaluation(1100, 0.5, false)});
  console.handle({kStart, step(1200, true)});
  EXPECT_NE(out.str().find("evaluation at step 1000 (epoch 0.2500): the best eval_ndcg@10 so far\n"
                           "  eval_ndcg@10  0.5408\n"
                           "evaluation at step 1100 (epoch 0.2500)\n"
                           "  eval_ndcg@10  0.5000\n"),
            std::string::npos);
  EXPECT_NE(out.str().find(" | best 0.5408@1000 | ETA"), std::string::npos);
}

TEST(ConsoleSink, ShowsWhereARunBeginsAndEnds) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  RunStarted start;
  start.project = "demo";
  start.name = "one";
  start.folder = "runs/demo/one";
  start.configuration = "[run]\n";
  start.ranks.resize(4);
  start.first_step = 500;
  start.max_steps = 2000;
  console.handle({kStart, start});
  console.handle({kStart, CheckpointSaved{1000, "runs/demo/one/checkpoint-1000"}});
  console.handle({kStart, Notice{"deleted checkpoint-500"}});
  console.handle({kStart, RunFinished{2000, 1, {{"train_loss", 0.5}}, "checkpoint-1000"}});
  EXPECT_EQ(out.str(),
            "run demo/one | 4 processes | 2000 steps | runs/demo/one\n"
            "[run]\n"
            "goes on after step 500\n"
            "saved runs/demo/one/checkpoint-1000\n"
            "deleted checkpoint-500\n"
            "finished at step 2000 (epoch 1.0000)\n"
            "  train_loss  0.5000\n"
            "best checkpoint: checkpoint-1000\n");
}

TEST(ConsoleSink, SaysHowAStoppedRunGoesOn) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  console.handle({kStart, RunStopped{7, 0.5, "runs/demo/one/checkpoint-7", {}}});
  EXPECT_EQ(out.str(), "stopped at step 7 on request; go on with --resume latest\n");
}

TEST(ConsoleSink, IsSilentBetweenLoggingStepsOffATerminal) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  console.handle({kStart, step(1, false)});
  EXPECT_EQ(out.str(), "");
}

TEST(ConsoleSink, RedrawsABarOnATerminal) {
  std::ostringstream out;
  ConsoleSink console(out, true);
  console.handle({kStart, step(5226, false)});
  EXPECT_EQ(out.str(), "\r\x1b[K[############------------] 5226/10452 | loss 1.1249 | ETA 0:35:43");
  EXPECT_LE(out.str().size(), 80u + 4u);

  out.str("");
  console.handle({kStart + milliseconds(1), step(5227, false)});
  EXPECT_EQ(out.str(), "");  // drawn a moment ago

  console.handle({kStart + milliseconds(2), Notice{"a line takes the place of the bar"}});
  EXPECT_EQ(out.str(), "\r\x1b[Ka line takes the place of the bar\n");

  out.str("");
  console.handle({kStart + milliseconds(3), step(5228, false)});
  EXPECT_EQ(out.str().substr(0, 5), "\r\x1b[K[");
}

TEST(ConsoleSink, ThrowsWhenTheOutputIsClosed) {
  std::ostringstream out;
  ConsoleSink console(out, false);
  out.setstate(std::ios::badbit);
  EXPECT_THROW(console.handle({kStart, Notice{"lost"}}), std::runtime_error);
  console.handle({kStart, Notice{"back"}});
  EXPECT_EQ(out.str(), "back\n");
}

}  // namespace
}  // namespace lambdaforge::experiments
