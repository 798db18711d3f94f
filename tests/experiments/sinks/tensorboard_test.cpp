#include "experiments/sinks/tensorboard.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::experiments {
namespace {

TEST(TensorBoardTag, IsWhatThePeerCallsIt) {
  EXPECT_EQ(tensorboard_tag("loss"), "train/loss");
  EXPECT_EQ(tensorboard_tag("eval_loss"), "eval/loss");
  EXPECT_EQ(tensorboard_tag("test_loss"), "test/loss");
  EXPECT_EQ(tensorboard_tag("train_runtime"), "train/train_runtime");
  EXPECT_EQ(tensorboard_tag("evaluations"), "train/evaluations");
}

TEST(TensorBoardSink, NamesTheFolderThatItCannotWrite) {
  RunStarted run;
  run.folder = "/proc/no-folder";
  TensorBoardSink sink;
  try {
    sink.handle({{}, run});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/proc/no-folder"), std::string::npos) << error.what();
  }
  sink.handle({{}, Notice{"it goes on"}});
  sink.finish();
}

}  // namespace
}  // namespace lambdaforge::experiments
