#include "experiments/run_store/hugging_face.h"

#include <gtest/gtest.h>

#include "experiments/run_store/summary.h"
#include "experiments/trainer_state.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;

class HuggingFaceTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static TrainerState state(int64_t steps) {
    TrainerState state;
    state.global_step = steps;
    state.max_steps = 20;
    state.best_global_step = 10;
    state.best_metric = 0.75;
    state.train_batch_size = 16;
    state.log_history = {
        {{"epoch", 0.5}, {"loss", 2}, {"step", 10}},
        {{"epoch", 0.5}, {"eval_NanoBEIR_R100_mean_ndcg@10", 0.75}, {"eval_loss", 1}, {"step", 10}},
        {{"epoch", 1}, {"loss", 1}, {"step", 20}},
        {{"epoch", 1}, {"train_runtime", 100}, {"train_loss", 1.5}, {"step", 20}}};
    return state;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "lambdaforge_hugging_face_test";
};

TEST_F(HuggingFaceTest, ReadsAFinishedRun) {
  save_trainer_state(folder_ / "trainer_state.json", state(20));
  fs::create_directories(folder_ / "checkpoint-10");
  const RunRecord run = read_hugging_face_run(folder_);
  const RunSummary summary = summarize(run);
  EXPECT_EQ(status_name(summary), "finished");
  EXPECT_EQ(summary.heartbeat.step, 20);
  ASSERT_TRUE(summary.best);
  EXPECT_EQ(summary.best->metric, "eval_NanoBEIR_R100_mean_ndcg@10");
  EXPECT_EQ(summary.best->step, 10);
  EXPECT_EQ(value_of(summary, "loss"), RunValue(1.0));
  EXPECT_EQ(value_of(summary, "training.per_device_train_batch_size"), RunValue(16.0));
  EXPECT_EQ(run.rows.checkpoints.size(), 1u);
  // The log history has no times: the rows are spread over train_runtime.
  EXPECT_DOUBLE_EQ(run.rows.heartbeat.time - summary.started, 100);
  EXPECT_DOUBLE_EQ(run.rows.scalars[0].time - summary.started, 100.0 * 10 / 20);
}

TEST_F(HuggingFaceTest, ReadsTheNewestCheckpointOfAnUnfinishedRun) {
  for (const int64_t step : {5, 10}) {
    const fs::path checkpoint = folder_ / ("checkpoint-" + std::to_string(step));
    fs::create_directories(checkpoint);
    save_trainer_state(checkpoint / "trainer_state.json", state(step));
  }
  const RunSummary summary = summarize(read_hugging_face_run(folder_));
  EXPECT_EQ(summary.heartbeat.step, 10);
  EXPECT_EQ(status_name(summary), "crashed");
}

TEST_F(HuggingFaceTest, SaysWhatItLooksFor) {
  EXPECT_THROW(read_hugging_face_run(folder_), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::experiments
