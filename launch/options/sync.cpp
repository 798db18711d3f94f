#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

void define(CLI::App& app, SyncOptions& options) {
  app.add_option("RUN_FOLDER", options.run_folder, "The folder of a training run")
      ->required()
      ->type_name("");
  app.add_option("--tracking-uri", options.tracking_uri,
                 "The MLflow server [MLFLOW_TRACKING_URI, or the run's]")
      ->type_name("URI");
  app.footer(R"(
While the server is away, a run with tracking.mlflow keeps what it has to tell in its folder. This
sends it, in order, and goes on where the run stopped; what the server has already is not sent
again. Names, passwords and tokens are taken from MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN.

Examples:
  lambdaforge sync runs/wordnet/first
  lambdaforge sync runs/wordnet/first --tracking-uri https://mlflow.example.org)");
}

}  // namespace

SyncOptions parse_sync(const Arguments& arguments) {
  CLI::App app(kSyncSummary, "lambdaforge sync");
  SyncOptions options;
  define(app, options);
  parse(app, arguments);
  return options;
}

}  // namespace lambdaforge::launch
