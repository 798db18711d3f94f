#include "trainer/run_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "trainer/run_lock.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "lambdaforge_run_folder";
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

RunFolder folder_with(const std::vector<int64_t>& steps) {
  const RunFolder folder(fresh_folder());
  for (int64_t step : steps) {
    fs::create_directories(folder.checkpoint(step));
    write_file_atomically(folder.checkpoint(step) / "trainer_state.json", "{}");
  }
  return folder;
}

TEST(RunFolder, FindsCompleteCheckpointsOnly) {
  const RunFolder folder = folder_with({500, 1000, 20});
  fs::create_directories(folder.path() / "checkpoint-1500.tmp");
  fs::create_directories(folder.path() / "checkpoint-best");
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{20, 500, 1000}));
  EXPECT_EQ(folder.find_resume("latest"), folder.checkpoint(1000));
}

TEST(RunFolder, StartsAnewWhenThereIsNothingToResume) {
  EXPECT_EQ(folder_with({}).find_resume("latest"), std::nullopt);
  EXPECT_EQ(folder_with({}).find_resume(""), std::nullopt);
}

TEST(RunFolder, RefusesToMixTwoRuns) {
  EXPECT_THROW((void)folder_with({500}).find_resume(""), std::invalid_argument);
}

TEST(RunFolder, ResumesFromANamedCheckpoint) {
  const RunFolder folder = folder_with({20, 500});
  EXPECT_EQ(folder.find_resume(folder.checkpoint(20).string()), folder.checkpoint(20));
  EXPECT_THROW((void)folder.find_resume("/no/such/checkpoint"), std::invalid_argument);
}

TEST(RunFolder, DoesNotReplaceAFinalModel) {
  const RunFolder folder = folder_with({});
  fs::create_directories(folder.final_model());
  for (const char* resume : {"", "latest"})
    EXPECT_THROW((void)folder.find_resume(resume), std::invalid_argument);
  fs::create_directories(folder.checkpoint(2));
  EXPECT_EQ(folder.find_resume("latest"), folder.checkpoint(2));
}

TEST(RunFolder, DeletesTheOldestButThoseToKeep) {
  const RunFolder folder = folder_with({1, 2, 3, 4});
  const std::vector<fs::path> kept = {folder.checkpoint(1).parent_path() / "." / "checkpoint-1",
                                      folder.checkpoint(4), "/no/such/checkpoint", ""};
  EXPECT_TRUE(folder.delete_old_checkpoints(2, kept).empty());
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{1, 4}));
  EXPECT_TRUE(folder.delete_old_checkpoints(1, kept).empty());
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{1, 4}));
  EXPECT_TRUE(folder.delete_old_checkpoints(0, {}).empty());
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{1, 4}));
}

TEST(RunFolder, TellsOfACheckpointThatCannotBeDeleted) {
  const RunFolder folder = folder_with({1, 2, 3});
  write_file_atomically(folder.path() / "checkpoint-1.deleted", "no folder, and in the way");
  fs::create_directories(folder.path() / "checkpoint-2.deleted" / "left by a kill");
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  const auto problems = folder.delete_old_checkpoints(1, {folder.checkpoint(3)});
  fs::permissions(folder.path(), fs::perms::owner_all);
  const bool may_delete_anything = geteuid() == 0;
  EXPECT_EQ(problems.size(), may_delete_anything ? 0u : 2u);
  EXPECT_EQ(folder.checkpoint_steps().size(), may_delete_anything ? 1u : 3u);
}

TEST(RunFolder, SetsLaterCheckpointsAsideAndRemovesRemains) {
  const RunFolder folder = folder_with({2, 4, 6});
  for (const char* remains : {"checkpoint-8.tmp", "checkpoint-1.deleted"})
    fs::create_directories(folder.path() / remains / "x");
  fs::create_directories(folder.path() / "checkpoint-4.earlier-1");
  EXPECT_EQ(folder.make_way(2), (std::vector<fs::path>{folder.path() / "checkpoint-4.earlier-2",
                                                       folder.path() / "checkpoint-6.earlier-1"}));
  EXPECT_EQ(folder.checkpoint_steps(), std::vector<int64_t>{2});
  EXPECT_TRUE(fs::exists(folder.path() / "checkpoint-4.earlier-2" / "trainer_state.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "checkpoint-8.tmp"));
  EXPECT_FALSE(fs::exists(folder.path() / "checkpoint-1.deleted"));
}

// A lock keeps other processes out, so another process has to ask.
bool another_process_takes(const fs::path& folder) {
  const pid_t child = fork();
  if (child == 0) {
    const bool taken = RunLock::take(folder).has_value();
    _exit(taken ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 0;
}

TEST(RunLock, KeepsOtherProcessesOut) {
  const fs::path folder = fresh_folder();
  {
    const auto lock = RunLock::take(folder);
    ASSERT_TRUE(lock);
    EXPECT_FALSE(another_process_takes(folder));
  }
  EXPECT_TRUE(another_process_takes(folder));
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(RunLock, LeavesNoFolderOfItsOwn) {
  const fs::path folder = fresh_folder();
  { const auto lock = RunLock::take(folder / "a" / "b"); }
  EXPECT_TRUE(fs::is_empty(folder));
  {
    const auto lock = RunLock::take(folder / "a" / "b");
    write_file_atomically(folder / "a" / "b" / "result", "1");
  }
  EXPECT_EQ(read_file(folder / "a" / "b" / "result"), "1");
}

TEST(WriteFolderAtomically, ReplacesTheWholeFolder) {
  const fs::path folder = fresh_folder() / "final";
  write_folder_atomically(folder,
                          [](const fs::path& path) { write_file_atomically(path / "a", "1"); });
  write_folder_atomically(folder,
                          [](const fs::path& path) { write_file_atomically(path / "b", "2"); });
  EXPECT_FALSE(fs::exists(folder / "a"));
  EXPECT_EQ(read_file(folder / "b"), "2");
}

TEST(WriteFolderAtomically, LeavesTheOldFolderWhenWritingFails) {
  const fs::path folder = fresh_folder() / "final";
  write_folder_atomically(folder,
                          [](const fs::path& path) { write_file_atomically(path / "a", "1"); });
  EXPECT_THROW(write_folder_atomically(folder,
                                       [](const fs::path& path) {
                                         write_file_atomically(path / "a", "2");
                                         throw std::runtime_error("no space left");
                                       }),
               std::runtime_error);
  EXPECT_EQ(read_file(folder / "a"), "1");
  EXPECT_FALSE(fs::exists(folder.string() + ".tmp"));
}

}  // namespace
}  // namespace lambdaforge::trainer
