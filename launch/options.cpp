#include "launch/options.h"

#include "launch/options/command_line.h"
#include "trainer/config.h"

namespace lambdaforge::launch {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"train", kTrainSummary,
       [](const Arguments& arguments) {
         const TrainOptions options = parse_train(arguments);
         // Who reads JSON is told of a wrong recipe in JSON, by the program that writes it.
         if (!options.json) trainer::load_config(options.recipe, options.overrides);
       }},
      {"evaluate", kEvaluateSummary, [](const Arguments& arguments) { parse_evaluate(arguments); }},
      {"compare", kCompareSummary, [](const Arguments& arguments) { parse_compare(arguments); }},
      {"predict", kPredictSummary, [](const Arguments& arguments) { parse_predict(arguments); }},
      {"prepare", kPrepareSummary, [](const Arguments& arguments) { parse_prepare(arguments); }},
      {"runs", kRunsSummary, [](const Arguments& arguments) { parse_runs(arguments); }},
      {"report", kReportSummary, nullptr},
      {"sweep", kSweepSummary, nullptr},
      {"card", kCardSummary, [](const Arguments& arguments) { parse_card(arguments); }},
      {"energy", kEnergySummary, [](const Arguments& arguments) { parse_energy(arguments); }},
      {"sync", kSyncSummary, [](const Arguments& arguments) { parse_sync(arguments); }},
  };
  return all;
}

}  // namespace lambdaforge::launch
