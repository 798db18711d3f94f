#include "trainer/run_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "base/files.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCheckpointPrefix = "checkpoint-";

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
  if (resume_from_checkpoint == "latest")
    return steps.empty() ? std::nullopt : std::optional(checkpoint(steps.back()));
  if (!resume_from_checkpoint.empty()) {
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
  return std::nullopt;
}

void RunFolder::delete_old_checkpoints(int64_t limit, int64_t best_step) const {
  if (limit <= 0) return;
  const std::vector<int64_t> steps = checkpoint_steps();
  auto surplus = static_cast<int64_t>(steps.size()) - limit;
  for (const int64_t step : steps) {
    if (surplus <= 0 || step == steps.back()) return;
    if (step == best_step) continue;
    // Renamed first, so that a half-deleted folder is never taken for a checkpoint.
    const fs::path doomed = checkpoint(step).string() + ".deleted";
    fs::rename(checkpoint(step), doomed);
    fs::remove_all(doomed);
    --surplus;
  }
}

void write_folder_atomically(const fs::path& folder,
                             const std::function<void(const fs::path&)>& write) {
  const fs::path temporary = folder.string() + ".tmp";
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
