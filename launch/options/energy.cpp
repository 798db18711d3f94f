#include <algorithm>

#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

void define(CLI::App& app, EnergyOptions& options) {
  app.add_option("--mode", options.mode,
                 "Whose energy estimates are of: the command's processes, or the whole machine")
      ->type_name("MODE")
      ->check(CLI::IsMember({"process", "machine"}))
      ->capture_default_str();
  app.add_option("--country", options.country,
                 "Three letters of ISO 3166-1, for the carbon intensity [the world's average]")
      ->type_name("CODE");
  app.add_option("--region", options.region, "A state or province of it")->type_name("NAME");
  app.add_option("--carbon-intensity", options.carbon_intensity,
                 "g CO2e a kWh, in place of the country's")
      ->type_name("G")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--pue", options.pue, "Power usage effectiveness of the data centre")
      ->type_name("X")
      ->check(CLI::Range(1.0, 100.0))
      ->capture_default_str();
  app.add_option("--output", options.output,
                 "Add a row to FILE, which has CodeCarbon's columns (emissions.csv)")
      ->type_name("FILE");
  app.add_option("--project", options.project, "The row's project_name")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_flag("--json", options.json, "Print one JSON object instead of sentences");
  app.footer(R"(
lambdaforge energy [OPTIONS] -- COMMAND [ARGUMENT...]

Runs the command and prints what it consumed on standard error, in its last line. Signals go to the
command, its exit code comes back. Counters (RAPL, NVML) tell the energy of the whole processor and
of the GPUs that CUDA_VISIBLE_DEVICES names; what has no counter is estimated as CodeCarbon does it.

Examples:
  lambdaforge energy -- lambdaforge evaluate MODEL --nano FOLDER
  lambdaforge energy --country FRA --output emissions.csv -- python train.py
  lambdaforge energy --mode machine --json -- make -j8)");
}

}  // namespace

EnergyOptions parse_energy(const Arguments& arguments) {
  CLI::App app(kEnergySummary, "lambdaforge energy");
  EnergyOptions options;
  define(app, options);
  const auto separator = std::ranges::find(arguments, "--");
  parse(app, Arguments(arguments.begin(), separator));
  if (arguments.end() - separator < 2)
    throw Answer(2,
                 "lambdaforge energy: the command to measure is missing: -- COMMAND [ARGUMENT...]\n"
                 "'lambdaforge energy --help' says more.\n");
  options.command.assign(separator + 1, arguments.end());
  return options;
}

}  // namespace lambdaforge::launch
