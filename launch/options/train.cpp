#include <fmt/format.h>

#include <map>

#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

constexpr const char* kSet = "--set";
constexpr const char* kOverride = "OVERRIDE";
constexpr const char* kResume = "--resume";

std::string expect_override(const std::string& word) {
  return word.find('=') == std::string::npos
             ? fmt::format("'{}' was not expected; a key is overridden by SECTION.KEY=VALUE", word)
             : "";
}

// CLI11 gives all words of one option before those of the next; but of two overrides of a key the
// last one has to win, whichever way each is written.
std::vector<std::string> overrides_in_order(const CLI::App& app) {
  std::vector<std::string> overrides;
  std::map<const CLI::Option*, size_t> num_taken;
  for (const CLI::Option* option : app.parse_order()) {
    const size_t place = num_taken[option]++;
    if (option == app[kSet] || option == app[kOverride])
      overrides.push_back(option->results()[place]);
    else if (option == app[kResume])
      overrides.push_back("training.resume_from_checkpoint=" + option->results()[place]);
  }
  return overrides;
}

void define(CLI::App& app, TrainOptions& options) {
  app.add_option("RECIPE", options.recipe, "The recipe, a TOML file; see launch/recipes/")
      ->required()
      ->type_name("");
  const auto read_later = [](const auto&) {};  // by overrides_in_order()
  app.add_option_function<std::vector<std::string>>(
         kSet, read_later,
         "Override one key of the recipe; may be given several times, the last of a key wins")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option_function<std::vector<std::string>>(
         kOverride, read_later, "The same without --set, as Hydra and W&B write it")
      ->type_name("SECTION.KEY=VALUE ...")
      ->check(expect_override);
  app.add_option_function<std::string>(
         kResume, read_later,
         "Go on from a checkpoint's folder, or from the 'latest' of the run that run.name names")
      ->type_name("CHECKPOINT");
  app.add_flag("--json", options.json,
               "Write what happens as JSON to standard output, one event a line");
  app.add_flag(
      "--check", options.check,
      "Say what is wrong with the recipe, its overrides, files and loss, as far as it shows "
      "before anything is loaded, and train nothing");
  app.footer(R"(
Examples:
  lambdaforge train launch/recipes/wordnet.toml
  mpirun -n 2 lambdaforge train recipe.toml --set training.learning_rate=2e-5 --set run.name=warm
  lambdaforge train recipe.toml training.learning_rate=2e-5 loss.name=ListNetLoss
  lambdaforge train recipe.toml --set tracking.prometheus=true    (see launch/prometheus)

Every key stands in trainer/config.h with its meaning and default, and in the recipe.toml that a run
writes into its folder.

Events of --json, each with "event" and "time" (seconds since 1970); null is not known or not
finite, and problems stay on standard error:
  start       project, name, folder, parameters, world_size, first_step, max_steps, restarts
  step        on logging steps: step, max_steps, epoch, loss, learning_rate, grad_norm, ...
  evaluation  step, epoch, metrics, best_so_far, metric_for_best_model, per_query
  checkpoint  step, path, seconds
  energy      step, seconds, energy_kwh, emissions_kg, ...
  notice      text
  end         outcome, exit_code, reason, project, name, folder, step, max_steps, best_metric,
              best_step, final_model, last_checkpoint, metrics, energy_kwh, ...; the last line, and
              in result.json in the run's folder

Exit codes, of mpirun too, and the outcome that goes with them:
  0   done
  1   failed: the machine's fault (disk, memory, network, a killed rank); another try may succeed
  2   invalid: the recipe's or the command line's fault; another try ends the same way
  3   diverged: the loss or the gradient norm is not finite
  75  stopped on request; the same command with --resume latest and the same run.name goes on

SIGTERM or SIGUSR1 to one rank, or SIGUSR1 to mpirun, is the request: the run ends with the step or
the evaluation it is in, saves a checkpoint and leaves no final model. A second one, a second or
more later, ends it at once. A SIGTERM is mpirun's own end: it passes the signal on, kills its ranks
1 s later and exits with 1.)");
}

}  // namespace

TrainOptions parse_train(const Arguments& arguments) {
  CLI::App app(kTrainSummary, "lambdaforge train");
  TrainOptions options;
  define(app, options);
  parse(app, arguments);
  options.overrides = overrides_in_order(app);
  return options;
}

}  // namespace lambdaforge::launch
