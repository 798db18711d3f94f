#include "experiments/sinks/store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>

#include "base/files.h"
#include "experiments/run_store/summary.h"
#include "experiments/trainer_state.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;

const std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1795516200250)};
constexpr double kSeconds = 1795516200.25;

class StoreSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Event start(int64_t first_step) const {
    RunStarted run;
    run.project = "wordnet";
    run.name = "first";
    run.folder = folder_.string();
    run.configuration = "[training]\nseed = 12\n";
    run.parameters = {{"training.seed", int64_t{12}},
                      {"training.learning_rate", 1e-5},
                      {"data.eval", ParameterValue{}},
                      {"evaluation.dataset_names", std::vector<std::string>{"nq", "<b>"}}};
    run.environment = {{"command", "lambdaforge train recipe.toml"}};
    run.ranks = {{0, 0, "node1", "cpu", ""}, {1, 1, "node1", "cuda:0", "GPU-1"}};
    run.first_step = first_step;
    run.max_steps = 100;
    return {kTime, run};
  }
  static Event step(int64_t number, bool log = true) {
    StepFinished step;
    step.step = number;
    step.log = log;
    step.loss = 1.0 / static_cast<double>(number);
    return {kTime, step};
  }
  static Event evaluation(int64_t number, double value, bool best) {
    return {kTime, EvaluationFinished{number,
                                      0.5,
                                      {{"eval_mean_ndcg@10", value}},
                                      best,
                                      "eval_mean_ndcg@10",
                                      {{"nq_ndcg@10", {{"q1", value}, {"q2", 0.0}}}}}};
  }
  RunRecord read() const { return read_run(file_); }
  std::vector<int64_t> steps_of(const std::string& series) const {
    const RunRows rows = read().rows;
    std::vector<int64_t> steps;
    for (const ScalarRow& row : rows.scalars)
      if (rows.series.name(row.series) == series) steps.push_back(row.step);
    return steps;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "lambdaforge_store_test";
  const fs::path file_ = folder_ / "run.h5";
};

TEST_F(StoreSinkTest, KeepsWhatTheRunWasStartedWith) {
  StoreSink sink;
  sink.handle(start(0));
  const RunRecord run = read();
  EXPECT_EQ(run.head.project, "wordnet");
  EXPECT_EQ(run.head.name, "first");
  EXPECT_EQ(run.head.configuration, "[training]\nseed = 12\n");
  EXPECT_EQ(run.head.parameters, std::get<RunStarted>(start(0).what).parameters);
  EXPECT_EQ(run.head.environment[0].second, "lambdaforge train recipe.toml");
  ASSERT_EQ(run.head.ranks.size(), 2u);
  EXPECT_EQ(run.head.ranks[1].gpu_uuid, "GPU-1");
  ASSERT_EQ(run.rows.starts.size(), 1u);
  EXPECT_EQ(run.rows.starts[0].max_steps, 100);
  EXPECT_EQ(run.rows.starts[0].world_size, 2);
}

TEST_F(StoreSinkTest, ShowsLoggedStepsAtTheNextTick) {
  StoreSink sink;
  sink.handle(start(0));
  sink.handle(step(1));
  sink.handle(step(2, /*log=*/false));
  sink.handle(step(3));
  sink.tick();  // the sink still has the file open
  EXPECT_EQ(steps_of("loss"), (std::vector<int64_t>{1, 3}));
  const RunRows rows = read().rows;
  EXPECT_EQ(rows.scalars[0].value, 1.0);
  EXPECT_DOUBLE_EQ(rows.scalars[0].time, kSeconds);
  EXPECT_EQ(rows.heartbeat.step, 3);
}

TEST_F(StoreSinkTest, AveragesThePartsOfStepsOverRanksAndSteps) {
  StoreSink sink;
  sink.handle(start(0));
  StepFinished what;
  for (what.step = 1; what.step <= 2; ++what.step) {
    what.log = what.step == 2;
    RankStep fast, slow;
    fast.forward = 1;
    fast.seconds = 2;
    slow.forward = 2;
    slow.seconds = 5.0 + static_cast<double>(what.step);
    slow.memory_bytes = 100;
    what.ranks = {fast, slow};
    sink.handle({kTime, what});
  }
  sink.finish();
  const Metrics metrics = summarize(read()).metrics;
  const auto value = [&](const std::string& name) {
    for (const auto& [known, value] : metrics)
      if (known == name) return value;
    return std::nan("");
  };
  EXPECT_DOUBLE_EQ(value("forward_seconds"), (1.0 + 2.0) / 2);
  EXPECT_DOUBLE_EQ(value("slowest_rank_seconds"), (6.0 + 7.0) / 2);
  EXPECT_DOUBLE_EQ(value("memory_bytes"), 100);
}

TEST_F(StoreSinkTest, WritesEvaluationsAndCheckpointsAtOnce) {
  StoreSink sink;
  sink.handle(start(0));
  sink.handle(evaluation(10, 0.25, true));
  sink.handle(evaluation(20, 0.5, true));
  sink.handle({kTime, CheckpointSaved{20, "runs/a/checkpoint-20", 1.5}});
  const RunRows rows = read().rows;
  ASSERT_EQ(rows.evaluations.size(), 2u);
  EXPECT_EQ(rows.series.name(rows.evaluations[1].metric), "eval_mean_ndcg@10");
  EXPECT_EQ(rows.evaluations[1].value, 0.5);
  ASSERT_EQ(rows.per_query.size(), 4u);
  EXPECT_EQ(rows.per_query[2].evaluation, 1);
  EXPECT_EQ(rows.queries.name(rows.per_query[2].query), "q1");
  EXPECT_EQ(rows.queries.names().size(), 2u);
  ASSERT_EQ(rows.checkpoints.size(), 1u);
  EXPECT_EQ(rows.checkpoints[0].path.text(), "runs/a/checkpoint-20");
}

TEST_F(StoreSinkTest, KeepsEnergyAndTheLog) {
  StoreSink sink;
  sink.handle(start(0));
  EnergyMeasured energy;
  energy.step = 5;
  energy.cpu_kwh = 0.25;
  energy.gpu_kwh = 0.5;
  energy.phase_kwh = {{"training", 0.75}};
  sink.handle({kTime, energy});
  sink.handle({kTime, Notice{"first\nsecond"}});
  sink.handle({kTime, RunFailed{7, true, "diverged"}});
  const RunRows rows = read().rows;
  ASSERT_EQ(rows.energy.size(), 1u);
  EXPECT_EQ(rows.energy[0].step, 5);
  EXPECT_EQ(rows.energy[0].cpu_kwh + rows.energy[0].gpu_kwh, 0.75);
  EXPECT_EQ(rows.energy[0].training_kwh, 0.75);
  ASSERT_EQ(rows.log.size(), 3u);
  EXPECT_EQ(rows.log[1].kind.text(), "notice");
  EXPECT_EQ(rows.log_line(rows.log[1]), "first\nsecond");
  EXPECT_EQ(rows.log_line(rows.log[2]), "diverged");
  EXPECT_EQ(status_name(summarize(read())), "failed");
}

TEST_F(StoreSinkTest, AStoppedRunRunsAgainWhenItGoesOn) {
  StoreSink stopped;
  stopped.handle(start(0));
  stopped.handle({kTime, RunStopped{3, 0.5, "runs/a/checkpoint-3"}});
  stopped.finish();
  EXPECT_EQ(status_name(summarize(read())), "stopped");
  EXPECT_EQ(read().rows.log_line(read().rows.log[1]), "goes on from runs/a/checkpoint-3");
  StoreSink resumed;
  resumed.handle(start(3));
  EXPECT_EQ(status_name(summarize(read())), "running");
}

TEST_F(StoreSinkTest, GoesOnWithoutGapsOrDoubles) {
  StoreSink killed;
  killed.handle(start(0));
  for (int64_t i = 1; i <= 4; ++i) killed.handle(step(i));
  killed.handle(evaluation(2, 0.25, true));
  killed.handle(evaluation(4, 0.75, true));
  // Step 3 is in the checkpoint's history although the store lacks it; 4 came after the checkpoint.
  TrainerState state;
  state.global_step = 3;
  state.log_history = {{{"loss", 0.5}, {"step", 2}}, {{"loss", 0.125}, {"step", 3}}};
  fs::create_directories(folder_ / "checkpoint-3");
  save_trainer_state(folder_ / "checkpoint-3/trainer_state.json", state);
  RunRecord torn = read();
  torn.rows.cut_after(2);
  RunWriter(file_, torn).close();

  StoreSink resumed;
  resumed.handle(start(3));
  resumed.handle(step(4));
  resumed.handle(evaluation(4, 0.5, true));
  resumed.handle({kTime, RunFinished{4, 1, {{"train_runtime", 1}}, "", "final"}});
  resumed.finish();
  EXPECT_EQ(steps_of("loss"), (std::vector<int64_t>{1, 2, 3, 4}));
  const RunRecord run = read();
  EXPECT_EQ(run.rows.starts.size(), 2u);
  ASSERT_EQ(run.rows.evaluations.size(), 2u);
  EXPECT_EQ(run.rows.evaluations[1].value, 0.5);
  EXPECT_EQ(run.rows.per_query.size(), 4u);
  EXPECT_EQ(status_name(summarize(run)), "finished");
  EXPECT_EQ(summarize(run).best->value, 0.5);

  StoreSink longer;  // the figures of the earlier end go
  longer.handle(start(4));
  EXPECT_TRUE(steps_of("train_runtime").empty());
  EXPECT_EQ(status_name(summarize(read())), "running");
}

TEST_F(StoreSinkTest, AFreshStartForgetsTheRunBefore) {
  {
    StoreSink before;
    before.handle(start(0));
    before.handle(step(1));
    before.finish();
  }
  StoreSink sink;
  sink.handle(start(0));
  EXPECT_TRUE(steps_of("loss").empty());
  EXPECT_EQ(read().rows.starts.size(), 1u);
}

TEST_F(StoreSinkTest, RowsWaitUntilTheFolderCanBeWritten) {
  fs::remove_all(folder_);
  StoreSink sink;
  EXPECT_THROW(sink.handle(start(0)), std::runtime_error);
  sink.handle(step(1));
  EXPECT_NO_THROW(sink.tick());  // it is tried again after a while, not at every call
  fs::create_directories(folder_);
  sink.handle(step(2));
  sink.finish();
  EXPECT_EQ(steps_of("loss"), (std::vector<int64_t>{1, 2}));
}

TEST_F(StoreSinkTest, LosesNothingOnAFullDisk) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit is then a failed write, as on a full disk
  StoreSink sink;
  sink.handle(start(0));
  for (int64_t i = 1; i <= 10; ++i) sink.handle(step(i));
  sink.tick();
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit full{fs::file_size(file_), limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  for (int64_t i = 11; i <= 20'000; ++i) sink.handle(step(i));
  EXPECT_THROW(sink.tick(), std::runtime_error);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_FALSE(steps_of("loss").empty());  // what was written stays readable
  sink.finish();
  const std::vector<int64_t> steps = steps_of("loss");
  ASSERT_EQ(steps.size(), 20'000u);
  for (size_t i = 0; i < steps.size(); ++i) ASSERT_EQ(steps[i], static_cast<int64_t>(i) + 1);
}

TEST_F(StoreSinkTest, PutsADamagedFileAside) {
  write_file_atomically(file_, "no HDF5");
  StoreSink sink;
  EXPECT_THROW(sink.handle(start(3)), std::runtime_error);  // told once
  sink.handle(step(4));
  sink.finish();
  EXPECT_EQ(steps_of("loss"), std::vector<int64_t>{4});
  EXPECT_EQ(read_file(file_.string() + ".damaged"), "no HDF5");
}

TEST_F(StoreSinkTest, TakesAnyName) {
  StoreSink sink;
  sink.handle(start(0));
  const std::string name = "eval_<img src=x>\x1b[31m\xff,\"" + std::string(2000, 'x');
  sink.handle({kTime, EvaluationFinished{1, 0, {{name, 1.0}}, false, name}});
  sink.finish();
  EXPECT_EQ(read().rows.series.name(0), name.substr(0, 512));
}

}  // namespace
}  // namespace lambdaforge::experiments
