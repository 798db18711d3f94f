// lambdaforge train: runs a recipe, alone or as one rank of a world that mpirun started.
#include <unistd.h>

#include <iostream>

#include "experiments/sinks/console.h"
#include "experiments/sinks/csv.h"
#include "launch/options.h"
#include "launch/report.h"
#include "launch/result_table.h"
#include "trainer/config.h"
#include "trainer/trainer.h"

namespace lambdaforge::launch {
namespace {

std::vector<std::unique_ptr<experiments::Sink>> make_sinks(const trainer::TrackingConfig& config) {
  std::vector<std::unique_ptr<experiments::Sink>> sinks;
  if (config.console)
    sinks.push_back(
        std::make_unique<experiments::ConsoleSink>(std::cout, isatty(STDOUT_FILENO) == 1));
  if (config.csv) sinks.push_back(std::make_unique<experiments::CsvSink>());
  return sinks;
}

int run(const TrainOptions& options) {
  const trainer::Config config = trainer::load_config(options.recipe, options.overrides);
  const auto communicator = trainer::make_communicator();
  const bool is_main = communicator->rank() == 0;
  trainer::TrainResult result;
  {
    experiments::Tracker tracker(
        is_main ? make_sinks(config.tracking) : std::vector<std::unique_ptr<experiments::Sink>>(),
        {.on_problem = [](const std::string& problem) { std::cerr << problem << std::endl; }});
    result = trainer::train(config, *communicator, tracker);
  }
  if (is_main) std::cout << result_table(result) << std::flush;
  communicator->shut_down();
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) try {
  using namespace lambdaforge::launch;
  return run(parse_train(Arguments(argv + 1, argv + argc)));
} catch (const lambdaforge::launch::Answer& answer) {
  return answer.give();
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  lambdaforge::trainer::abort_world();
}
