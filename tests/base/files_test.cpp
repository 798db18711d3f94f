#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace lambdaforge {
namespace {

std::filesystem::path scratch_folder() {
  auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_files_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

// Writes beyond `bytes` fail with EFBIG, as they fail with ENOSPC on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(WriteFileAtomically, ReplacesTheWholeFile) {
  const auto path = scratch_folder() / "state.json";
  write_file_atomically(path, "a long first version");
  write_file_atomically(path, "short");
  EXPECT_EQ(read_file(path), "short");
}

TEST(WriteFileAtomically, LeavesTheOldFileWhenTheDiskIsFull) {
  const auto folder = scratch_folder();
  write_file_atomically(folder / "state.json", "old");
  {
    FileSizeLimit limit(1000);
    EXPECT_THROW(write_file_atomically(folder / "state.json", std::string(5000, 'x')),
                 std::runtime_error);
  }
  EXPECT_EQ(read_file(folder / "state.json"), "old");
  EXPECT_FALSE(std::filesystem::exists(folder / "state.json.tmp"));
}

TEST(AppendToFile, KeepsWhatWasThere) {
  const auto path = scratch_folder() / "log.csv";
  append_to_file(path, "a\n");
  append_to_file(path, "b\n");
  EXPECT_EQ(read_file(path), "a\nb\n");
}

TEST(ReadFile, NamesTheMissingPath) {
  try {
    read_file("/no/such/file");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/file"), std::string::npos);
  }
}

TEST(NumberedEntries, AreInTheOrderOfTheirNumbers) {
  const auto folder = scratch_folder();
  for (const char* name : {"step-1000.csv", "step-20.csv", "step-20.csv.tmp", "step-.csv",
                           "step-3x.csv", "step-4", "7.csv"})
    write_file_atomically(folder / name, "");
  EXPECT_EQ(numbered_entries(folder, "step-", ".csv"), (std::vector<int64_t>{20, 1000}));
  EXPECT_EQ(numbered_entries(folder, "step-"), std::vector<int64_t>{4});
  EXPECT_TRUE(numbered_entries(folder / "missing", "step-").empty());
}

}  // namespace
}  // namespace lambdaforge
