// lambdaforge sync: sends an MLflow server what a run could not tell it.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "experiments/mlflow/sender.h"
#include "launch/program.h"

namespace lambdaforge::launch {
namespace {

namespace mlflow = experiments::mlflow;

std::string choose_uri(const SyncOptions& options) {
  if (!options.tracking_uri.empty()) return options.tracking_uri;
  if (const char* uri = std::getenv("MLFLOW_TRACKING_URI")) return uri;
  return mlflow::load_replay_state(options.run_folder).tracking_uri;
}

int sync(const Arguments& arguments) {
  const SyncOptions options = parse_sync(arguments);
  if (!std::filesystem::is_directory(mlflow::spool_folder(options.run_folder)))
    throw std::invalid_argument(
        fmt::format("{} is no folder of a run with tracking.mlflow: it has no folder 'mlflow'",
                    options.run_folder));
  mlflow::Settings settings;
  settings.tracking_uri = choose_uri(options);
  settings.credentials = mlflow::credentials_from_environment();
  mlflow::check_tracking_uri(settings.tracking_uri);
  const auto outcome = mlflow::Sender(options.run_folder, settings).finish();
  if (outcome.bytes_left > 0)
    throw std::runtime_error(
        fmt::format("{}; {} bytes still wait", outcome.problem, outcome.bytes_left));
  if (outcome.num_refused > 0)
    std::cerr << fmt::format("the server would not have {} records; {}\n", outcome.num_refused,
                             outcome.first_refusal);
  print(fmt::format("{} has all of {}\n", experiments::without_credentials(settings.tracking_uri),
                    options.run_folder));
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  return lambdaforge::launch::run_program(argc, argv, lambdaforge::launch::sync);
}
