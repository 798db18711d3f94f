#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

void define(CLI::App& app, CardOptions& options) {
  app.add_option("RUN", options.run, "A run's folder, runs/<project>/<name>")
      ->required()
      ->type_name("");
  app.footer(R"(
Training writes README.md, the model card, into every checkpoint and into final/. This writes them
again from card.json and trainer_state.json of the run; what was changed in them by hand is lost.
What no program can know stands in the recipe's section [card]: model_name, model_id, base_model,
train_dataset, eval_dataset, language, license.

Examples:
  lambdaforge card runs/wordnet/quickstart)");
}

}  // namespace

CardOptions parse_card(const Arguments& arguments) {
  CLI::App app(kCardSummary, "lambdaforge card");
  CardOptions options;
  define(app, options);
  parse(app, arguments);
  return options;
}

}  // namespace lambdaforge::launch
