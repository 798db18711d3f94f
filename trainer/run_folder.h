// Where a run keeps its files: <output_dir>/<project>/<name>/
//     recipe.toml  card.json  metrics.csv  trainer_state.json  result.json  eval/*.csv
//     eval/per_query/step-<step>.csv checkpoint-<step>/  final/
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "trainer/config.h"

namespace lambdaforge::trainer {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoint(int64_t step) const;
  std::filesystem::path final_model() const { return path_ / "final"; }
  std::filesystem::path result() const { return path_ / "result.json"; }
  std::filesystem::path evaluations() const { return path_ / "eval"; }

  // Steps of the complete checkpoints, ascending. A checkpoint that was being written has another
  // name.
  std::vector<int64_t> checkpoint_steps() const;

  // Where to go on: what resume_from_checkpoint asks for; nullopt starts anew. Throws
  // std::invalid_argument when a named checkpoint does not exist, and when the folder holds
  // checkpoints or a final model that a fresh start would replace.
  std::optional<std::filesystem::path> find_resume(const std::string& resume_from_checkpoint) const;

  // For a run that goes on after `step`: later checkpoints are of another course that it took
  // once, and get names (checkpoint-<step>.earlier-1) under which nothing goes on from them. What a
  // killed process left half written or half deleted goes. Returns the new names.
  std::vector<std::filesystem::path> make_way(int64_t step) const;

  // Deletes the oldest checkpoints until `limit` are left (0: no limit), but none of `kept`.
  // Returns a sentence for each that could not be deleted.
  std::vector<std::string> delete_old_checkpoints(
      int64_t limit, const std::vector<std::filesystem::path>& kept) const;

 private:
  std::filesystem::path path_;
};

// Fills `folder` by `write(temporary folder)` and moves it into place when everything is on disk: a
// reader sees the whole folder or the one before. A failed write leaves nothing behind.
void write_folder_atomically(const std::filesystem::path& folder,
                             const std::function<void(const std::filesystem::path&)>& write);

// The run's name, or the local time when the recipe has none.
std::string run_name(const RunConfig& config);

}  // namespace lambdaforge::trainer
