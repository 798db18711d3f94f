#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>

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

TEST(WriteFileAtomically, FollowsSymlinks) {
  const auto folder = scratch_folder();
  std::filesystem::create_directory(folder / "elsewhere");
  write_file_atomically(folder / "elsewhere" / "state.json", "old");
  std::filesystem::create_symlink("elsewhere/state.json", folder / "link.json");
  std::filesystem::create_symlink(folder / "link.json", folder / "link_to_link.json");
  std::filesystem::create_symlink("elsewhere/new.json", folder / "dangling.json");
  for (const char* link : {"link_to_link.json", "dangling.json"}) {
    write_file_atomically(folder / link, "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder / link));
  }
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.json"));
  EXPECT_EQ(read_file(folder / "elsewhere" / "state.json"), "new");
  EXPECT_EQ(read_file(folder / "elsewhere" / "new.json"), "new");
}

TEST(WriteFileAtomically, WritesIntoAFifo) {
  const auto fifo = scratch_folder() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  auto received = std::async(std::launch::async, [&] { return read_file(fifo); });
  write_file_atomically(fifo, "content");
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
  EXPECT_EQ(received.get(), "content");
}

// As --output /dev/stdout >> FILE has it.
TEST(WriteFileAtomically, GoesOnWithWhatIsOpen) {
  const auto path = scratch_folder() / "log.txt";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(write(file, "before, ", 8), 8);
  write_file_atomically(fmt::format("/proc/self/fd/{}", file), "content");
  ASSERT_EQ(write(file, ", behind", 8), 8);
  close(file);
  EXPECT_EQ(read_file(path), "before, content, behind");
}

TEST(WriteFileAtomically, RefusesAFolderAndLinksInACircle) {
  const auto folder = scratch_folder();
  std::filesystem::create_directory(folder / "folder");
  std::filesystem::create_symlink("b", folder / "a");
  std::filesystem::create_symlink("a", folder / "b");
  EXPECT_THROW(write_file_atomically(folder / "folder", "content"), std::runtime_error);
  EXPECT_THROW(write_file_atomically(folder / "a", "content"), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "folder"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "a"));
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
