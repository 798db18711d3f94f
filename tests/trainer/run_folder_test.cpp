#include "trainer/run_folder.h"

#include <gtest/gtest.h>

#include "base/files.h"

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

TEST(RunFolder, KeepsTheNewestAndTheBest) {
  const RunFolder folder = folder_with({1, 2, 3, 4});
  folder.delete_old_checkpoints(2, /*best_step=*/1);
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{1, 4}));
  folder.delete_old_checkpoints(1, /*best_step=*/1);
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{1, 4}));
  folder.delete_old_checkpoints(0, -1);
  EXPECT_EQ(folder.checkpoint_steps(), (std::vector<int64_t>{1, 4}));
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
