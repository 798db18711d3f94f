#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

void define(CLI::App& app, TrainOptions& options) {
  app.add_option("RECIPE", options.recipe, "The recipe, a TOML file; see launch/recipes/")
      ->required()
      ->type_name("");
  app.add_option("--set", options.overrides,
                 "Override one key of the recipe; may be given several times")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option_function<std::string>(
         "--resume",
         [&options](const std::string& checkpoint) {
           options.overrides.push_back("training.resume_from_checkpoint=" + checkpoint);
         },
         "Go on from a checkpoint's folder, or from the 'latest' of the run that run.name names")
      ->type_name("CHECKPOINT");
  app.footer(R"(
Examples:
  lambdaforge train launch/recipes/wordnet.toml
  mpirun -n 2 lambdaforge train recipe.toml --set training.learning_rate=2e-5 --set run.name=warm
  lambdaforge train recipe.toml --set tracking.prometheus=true    (see launch/README.md)

Every key, with its default, stands in the recipe.toml that a run writes into its folder.)");
}

}  // namespace

TrainOptions parse_train(const Arguments& arguments) {
  CLI::App app(kTrainSummary, "lambdaforge train");
  TrainOptions options;
  define(app, options);
  parse(app, arguments);
  return options;
}

}  // namespace lambdaforge::launch
