#include "experiments/mlflow/spool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments::mlflow {
namespace {

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }

  // All lines behind `position`, which moves to the end.
  std::vector<std::string> read_on(SpoolPosition& position) const {
    std::vector<std::string> texts;
    for (;;) {
      const auto lines = read_spool(folder_, position, 1 << 20);
      if (lines.empty()) return texts;
      for (const auto& line : lines) texts.push_back(line.text);
      position = lines.back().end;
    }
  }

  using Lines = std::vector<std::string>;
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_spool_test";
};

TEST_F(SpoolTest, GivesLinesInTheirOrderWhileItGrows) {
  SpoolWriter writer(folder_, {});
  SpoolPosition position;
  EXPECT_EQ(read_on(position), Lines{});
  writer.append("one");
  writer.append("two");
  EXPECT_EQ(read_on(position), (Lines{"one", "two"}));
  EXPECT_EQ(bytes_left(folder_, position), 0);
  writer.append("three");
  EXPECT_EQ(bytes_left(folder_, position), 6);
  EXPECT_EQ(read_on(position), Lines{"three"});
}

TEST_F(SpoolTest, PassesOverWhatAKillTore) {
  SpoolWriter(folder_, {}).append("whole");
  append_to_file(folder_ / "spool-1.jsonl", "{\"kind\": \"ba");
  SpoolWriter(folder_, {}).append("after");
  SpoolPosition position;
  EXPECT_EQ(read_on(position), (Lines{"whole", "after"}));
}

TEST_F(SpoolTest, DeletesSegmentsThatAreDoneAndNeverWritesBeforeTheEnd) {
  SpoolPosition position;
  SpoolWriter(folder_, {}).append("first");
  SpoolWriter(folder_, {}).append("second");
  EXPECT_EQ(read_on(position), (Lines{"first", "second"}));
  position = {position.segment + 1, 0};
  delete_done(folder_, position);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  SpoolWriter(folder_, position).append("third");
  EXPECT_EQ(read_on(position), Lines{"third"});
}

TEST_F(SpoolTest, GoesToAnotherSegmentWhenOneIsLong) {
  const std::string line(1 << 20, 'x');
  SpoolWriter writer(folder_, {});
  for (int i = 0; i < 10; ++i) writer.append(line);
  SpoolPosition position;
  EXPECT_EQ(read_on(position).size(), 10u);
  delete_done(folder_, position);
  EXPECT_LT(std::filesystem::file_size(folder_ / "spool-3.jsonl"), 5u << 20);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "spool-1.jsonl"));
}

TEST_F(SpoolTest, ALineThatDoesNotFitLeavesNothing) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  SpoolWriter writer(folder_, {});
  writer.append("fits");
  const rlimit ten_bytes{10, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &ten_bytes);
  EXPECT_THROW(writer.append("too long for the disk"), std::runtime_error);
  setrlimit(RLIMIT_FSIZE, &before);
  writer.append("again");
  SpoolPosition position;
  EXPECT_EQ(read_on(position), (Lines{"fits", "again"}));
}

}  // namespace
}  // namespace lambdaforge::experiments::mlflow
