#include "experiments/sinks/csv.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

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

// Files grow to so many bytes while it lives, as on a disk that is full for a moment.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : before_signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, before_signal_);
  }

 private:
  void (*before_signal_)(int);
  rlimit before_{};
};

TEST_F(CsvSinkTest, HoldsEveryRowOnceAfterADiskThatWasFull) {
  std::string expected;
  {
    CsvSink sink;
    sink.handle(start(0));
    for (const int64_t step : {1, 2, 3}) sink.handle(logged(step));
    sink.finish();
    expected = content();
  }
  CsvSink sink;
  sink.handle(start(0));
  sink.handle(logged(1));
  const std::string before = content();
  {
    const FullDisk full(before.size() + 20);  // in the middle of a row
    EXPECT_THROW(sink.handle(logged(2)), std::runtime_error);
    EXPECT_EQ(content(), before);
    EXPECT_NO_THROW(sink.tick());  // not tried again so soon
  }
  sink.handle(logged(3));
  sink.finish();
  EXPECT_EQ(content(), expected);
}

TEST_F(CsvSinkTest, TriesAgainByItselfWhenTheFolderIsThere) {
  std::filesystem::remove_all(folder_);
  CsvSink sink;
  EXPECT_THROW(sink.handle(start(0)), std::runtime_error);
  sink.handle(logged(1));
  std::filesystem::create_directories(folder_);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  sink.tick();
  EXPECT_NE(content().find("\n1,0.5,2026-11-24T10:30:00.250Z,loss,"), std::string::npos);
}

TEST_F(CsvSinkTest, QuotesNamesThatNeedItAndKnowsThemAgain) {
  const Event odd{kTime,
                  EvaluationFinished{10, 0.5, {{"eval_a,train_b \"c\"_map", 0.1}}, false, ""}};
  {
    CsvSink sink;
    sink.handle(start(0));
    sink.handle(odd);
  }
  const std::string whole = content();
  EXPECT_NE(whole.find(R"(,"eval_a,train_b ""c""_map",0.1)"), std::string::npos) << whole;
  CsvSink sink;
  sink.handle(start(10));
  EXPECT_EQ(content(), whole);
}

TEST_F(CsvSinkTest, NamesTheFileThatItCannotWrite) {
  std::filesystem::remove_all(folder_);
  CsvSink sink;
  const auto names_the_file = [](const auto& call) {
    try {
      call();
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("metrics.csv"), std::string::npos) << error.what();
    }
  };
  names_the_file([&] { sink.handle(start(0)); });
  names_the_file([&] { sink.finish(); });
}

}  // namespace
}  // namespace lambdaforge::experiments
