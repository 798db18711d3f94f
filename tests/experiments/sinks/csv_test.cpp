#include "experiments/sinks/csv.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

// 2026-11-24 10:30:00.250 UTC
const std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1795516200250)};

class CsvSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  Event start(int64_t first_step) const {
    RunStarted run;
    run.folder = folder_.string();
    run.first_step = first_step;
    return {kTime, run};
  }
  static Event logged(int64_t number) {
    StepFinished step;
    step.step = number;
    step.epoch = 0.5;
    step.log = true;
    step.loss = 1.0 / 3.0;
    step.learning_rate = 1e-5;
    step.grad_norm = 2;
    step.step_seconds = 0.25;
    step.tokens_per_second = 1000;
    step.share_of_peak = 0.75;
    return {kTime, step};
  }
  static Event evaluated(int64_t number) {
    return {kTime, EvaluationFinished{number, 0.5, {{"eval_loss", 0.1}}, false, ""}};
  }
  std::string content() const { return read_file(folder_ / "metrics.csv"); }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_csv_test";
};

TEST_F(CsvSinkTest, WritesEachFigureInARow) {
  CsvSink sink;
  sink.handle(start(0));
  sink.handle(logged(10));
  EXPECT_EQ(content(),
            "step,epoch,time,name,value\n"
            "10,0.5,2026-11-24T10:30:00.250Z,loss,0.3333333333333333\n"
            "10,0.5,2026-11-24T10:30:00.250Z,learning_rate,1e-05\n"
            "10,0.5,2026-11-24T10:30:00.250Z,grad_norm,2\n"
            "10,0.5,2026-11-24T10:30:00.250Z,step_seconds,0.25\n"
            "10,0.5,2026-11-24T10:30:00.250Z,tokens_per_second,1000\n"
            "10,0.5,2026-11-24T10:30:00.250Z,share_of_peak,0.75\n");
}

TEST_F(CsvSinkTest, PassesOverStepsBetweenLogs) {
  CsvSink sink;
  sink.handle(start(0));
  sink.handle({kTime, StepFinished{}});
  sink.handle({kTime, Notice{"not a figure"}});
  EXPECT_EQ(content(), "step,epoch,time,name,value\n");
}

TEST_F(CsvSinkTest, GoesOnWithoutDoubles) {
  {
    CsvSink sink;
    sink.handle(start(0));
    for (const int64_t step : {10, 20, 30}) {
      sink.handle(logged(step));
      sink.handle(evaluated(step));
    }
  }
  const std::string whole = content();
  append_to_file(folder_ / "metrics.csv", "31,0.5,2026-11-");  // torn by the crash
  {
    CsvSink sink;
    sink.handle(start(20));
    sink.handle(logged(30));
    sink.handle(evaluated(30));
  }
  EXPECT_EQ(content(), whole);
}

TEST_F(CsvSinkTest, SumsUpARunOnce) {
  const Event end{kTime, RunFinished{30, 1, {{"train_loss", 0.5}}, ""}};
  for (const int64_t first_step : {0, 30}) {
    CsvSink sink;
    sink.handle(start(first_step));
    sink.handle(end);
  }
  EXPECT_EQ(content(),
            "step,epoch,time,name,value\n30,1,2026-11-24T10:30:00.250Z,train_loss,0.5\n");
}

TEST_F(CsvSinkTest, StartsAFreshRunWithAFreshFile) {
  append_to_file(folder_ / "metrics.csv", "of another run\n");
  CsvSink sink;
  sink.handle(start(0));
  EXPECT_EQ(content(), "step,epoch,time,name,value\n");
}

TEST_F(CsvSinkTest, NamesTheFileThatItCannotWrite) {
  std::filesystem::remove_all(folder_);
  CsvSink sink;
  for (const Event& event : {start(0), logged(1)}) {
    try {
      sink.handle(event);
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("metrics.csv"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace lambdaforge::experiments
