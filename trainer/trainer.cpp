#include "trainer/trainer.h"

#include <fmt/format.h>

#include "base/error_text.h"
#include "trainer/loss_rules.h"
#include "trainer/recipe_files.h"
#include "trainer/run.h"
#include "trainer/run_journal.h"
#include "trainer/run_lock.h"

namespace lambdaforge::trainer {
namespace {

// What is left in the folder for whoever started the run; that it cannot be written is told, and
// changes nothing about how the run ended. A slip in a recipe makes no folder.
void leave_result(const std::filesystem::path& path, const experiments::RunResult& result,
                  experiments::Tracker& tracker) {
  try {
    const std::filesystem::path folder = path.parent_path();
    if (result.outcome == experiments::Outcome::kInvalid && !std::filesystem::exists(folder))
      return;
    std::filesystem::create_directories(folder);
    experiments::save_result(path, result);
  } catch (const std::exception& error) {
    tracker.tell_problem(fmt::format("how the run ended is not on disk: {}", error.what()));
  }
}

std::filesystem::path folder_of(const RunConfig& run, const std::string& name) {
  return std::filesystem::path(run.output_dir) / run.project / name;
}

// For rank 0. A run without a name gets one that no other has: many may start in one second.
std::pair<std::string, RunLock> claim_folder(const RunConfig& run) {
  const std::string name = run_name(run);
  for (int number = 1;; ++number) {
    const std::string next = number == 1 ? name : fmt::format("{}-{}", name, number);
    const std::filesystem::path folder = folder_of(run, next);
    if (run.name.empty() && std::filesystem::exists(folder)) continue;
    if (auto lock = RunLock::take(folder)) return {next, std::move(*lock)};
    if (!run.name.empty())
      throw std::runtime_error(
          fmt::format("another process is training in {}; wait until it has ended, or choose "
                      "another run.name",
                      folder.string()));
  }
}

// Rank 0 decides: others may see a shared folder later than it does.
std::optional<std::filesystem::path> find_resume(const RunFolder& folder, const Config& config,
                                                 Communicator& communicator) {
  std::string resume;
  if (communicator.rank() == 0)
    resume = folder.find_resume(config.training.resume_from_checkpoint).value_or("").string();
  resume = communicator.broadcast(resume);
  return resume.empty() ? std::nullopt : std::optional<std::filesystem::path>(resume);
}

}  // namespace

void check_recipe(const Config& config) {
  check_files(config);
  make_loss(config);
}

TrainResult train(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
                  const Environment& environment) {
  TrainResult result;
  std::optional<std::filesystem::path> result_file;  // none: it is not for this run to write
  try {
    std::optional<RunLock> lock;
    std::string name;
    if (communicator.rank() == 0) {
      auto claimed = claim_folder(config.run);
      name = claimed.first;
      lock.emplace(std::move(claimed.second));
    }
    name = communicator.broadcast(name);
    const RunFolder folder(folder_of(config.run, name));
    result.end.project = config.run.project;
    result.end.name = name;
    result.end.folder = folder.path().string();
    const RunPlace place{name, folder, find_resume(folder, config, communicator)};
    if (communicator.rank() == 0) {
      result_file = folder.result();
      std::filesystem::remove(*result_file);
      check_recipe(config);
    }
    run_recipe(config, communicator, tracker, place, environment, result);
  } catch (const std::exception& error) {
    result.end.outcome = outcome_of(error);
    result.end.reason = error_text(error);
  }
  if (result_file) leave_result(*result_file, result.end, tracker);
  return result;
}

}  // namespace lambdaforge::trainer
