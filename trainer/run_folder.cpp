#include "trainer/run_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/files.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCheckpointPrefix = "checkpoint-";
constexpr std::string_view kUnfinished = ".tmp";  // of a folder that is being written
constexpr std::string_view kDoomed = ".deleted";  // of one that is being deleted

// path-1, path-2, ...
fs::path free_name(const std::string& path) {
  for (int number = 1;; ++number)
    if (const fs::path name = fmt::format("{}-{}", path, number); !fs::exists(name)) return name;
}

// Renamed first, so that a half-deleted folder is never taken for a checkpoint.
void delete_folder(const fs::path& folder) {
  const fs::path doomed = folder.string().append(kDoomed);
  fs::remove_all(doomed);
  fs::rename(folder, doomed);
  fs::remove_all(doomed);
}

}  // namespace

fs::path RunFolder::checkpoint(int64_t step) const {
  return path_ / fmt::format("{}{}", kCheckpointPrefix, step);
}

std::vector<int64_t> RunFolder::checkpoint_steps() const {
  std::vector<int64_t> steps = numbered_entries(path_, kCheckpointPrefix);
  std::erase_if(steps, [this](int64_t step) { return !fs::is_directory(checkpoint(step)); });
  return steps;
}

std::optional<fs::path> RunFolder::find_resume(const std::string& resume_from_checkpoint) const {
  const std::vector<int64_t> steps = checkpoint_steps();
  if (resume_from_checkpoint == "latest" && !steps.empty()) return checkpoint(steps.back());
  if (!resume_from_checkpoint.empty() && resume_from_checkpoint != "latest") {
    if (!fs::exists(fs::path(resume_from_checkpoint) / "trainer_state.json"))
      throw std::invalid_argument(
          fmt::format("training.resume_from_checkpoint = '{}' is no checkpoint folder (no "
                      "trainer_state.json in it); use "
                      "\"latest\" or a path such as {}",
                      resume_from_checkpoint, checkpoint(500).string()));
    return resume_from_checkpoint;
  }
  if (!steps.empty())
    throw std::invalid_argument(
        fmt::format("{} holds checkpoints of an earlier run (up to step {}); set "
                    "training.resume_from_checkpoint = \"latest\" to "
                    "go on, choose another run.name, or delete the folder",
                    path_.string(), steps.back()));
  if (fs::exists(final_model()))
    throw std::invalid_argument(
        fmt::format("{} holds the final model of an earlier run and no checkpoint to go on from; "
                    "choose another run.name, or delete the folder",
                    path_.string()));
  return std::nullopt;
}

std::vector<fs::path> RunFolder::make_way(int64_t step) const {
  for (const auto& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kCheckpointPrefix) &&
        (name.ends_with(kUnfinished) || name.ends_with(kDoomed)))
      fs::remove_all(entry.path());
  }
  std::vector<fs::path> renamed;
  for (const int64_t later : checkpoint_steps())
    if (later > step) {
      renamed.push_back(free_name(checkpoint(later).string() + ".earlier"));
      fs::rename(checkpoint(later), renamed.back());
    }
  return renamed;
}

std::vector<std::string> RunFolder::delete_old_checkpoints(
    int64_t limit, const std::vector<fs::path>& kept) const {
  std::vector<std::string> problems;
  if (limit <= 0) return problems;
  const std::vector<int64_t> steps = checkpoint_steps();
  auto surplus = std::ssize(steps) - limit;
  for (const int64_t step : steps) {
    if (surplus <= 0) break;
    const auto is_same = [&](const fs::path& path) {
      return fs::exists(path) && fs::equivalent(path, checkpoint(step));
    };
    if (std::ranges::any_of(kept, is_same)) continue;
    try {
      delete_folder(checkpoint(step));
    } catch (const fs::filesystem_error& error) {
      problems.push_back(fmt::format("{} is still there, for all of save_total_limit: {}",
                                     checkpoint(step).string(), error.code().message()));
    }
    --surplus;
  }
  return problems;
}

void write_folder_atomically(const fs::path& folder,
                             const std::function<void(const fs::path&)>& write) {
  const fs::path temporary = folder.string().append(kUnfinished);
  const fs::path replaced = folder.string() + ".old";
  try {
    fs::remove_all(temporary);
    fs::create_directories(temporary);
    write(temporary);
    sync_folder(temporary);
    fs::remove_all(replaced);
    if (fs::exists(folder)) fs::rename(folder, replaced);
    fs::rename(temporary, folder);
    sync_folder(folder.parent_path());
    fs::remove_all(replaced);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw;
  }
}

std::string run_name(const RunConfig& config) {
  if (!config.name.empty()) return config.name;
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return fmt::format("{:%Y-%m-%d_%H-%M-%S}", local);
}

}  // namespace lambdaforge::trainer
