#include "trainer/trainer.h"

#include <fmt/format.h>

#include "base/error_text.h"
#include "trainer/loss_rules.h"
#include "trainer/recipe_files.h"
#include "trainer/run.h"
#include "trainer/run_journal.h"

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
    const std::string name = communicator.broadcast(run_name(config.run));
    const RunFolder folder(std::filesystem::path(config.run.output_dir) / config.run.project /
                           name);
    result.end.project = config.run.project;
    result.end.name = name;
    result.end.folder = folder.path().string();
    const RunPlace place{name, folder, folder.find_resume(config.training.resume_from_checkpoint)};
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
