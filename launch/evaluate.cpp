// lambdaforge evaluate: a model's figures on data sets, on all ranks of the world.
#include "launch/evaluate.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "evaluators/per_query.h"
#include "experiments/sinks/metrics_table.h"
#include "launch/memory.h"
#include "launch/program.h"
#include "launch/report.h"

namespace lambdaforge::launch {
namespace {

constexpr const char* kPerQuery = "per_query.csv";

std::string to_json(const evaluators::Evaluation& evaluation) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : evaluation.metrics) json[name] = value;
  return json.dump() + "\n";
}

// A file that nothing can be added to shows here, not when everything has been scored.
void prepare(const std::filesystem::path& output) {
  std::filesystem::create_directories(output);
  if (std::filesystem::exists(output / kPerQuery)) evaluators::read_per_query(output / kPerQuery);
}

int evaluate(const Arguments& arguments) {
  const EvaluateOptions options = parse_evaluate(arguments);
  const auto communicator = trainer::make_communicator();
  trainer::use_own_processors(*communicator);
  const std::filesystem::path output = options.output;
  if (communicator->rank() == 0 && !output.empty()) prepare(output);
  const auto evaluation = options.beir.empty() ? evaluate_model(options, *communicator)
                                               : evaluate_beir(options, *communicator);
  if (communicator->rank() == 0) {
    if (!output.empty() && !evaluation.per_query.empty())
      evaluators::add_per_query(output / kPerQuery, evaluation.per_query);
    print(options.json ? to_json(evaluation) : experiments::metrics_table(evaluation.metrics));
    finish_output();  // while an error can still end the world
  }
  communicator->shut_down();
  return 0;
}

}  // namespace

models::Pretrained load_model(const EvaluateOptions& options,
                              const trainer::Communicator& communicator) {
  models::Pretrained pretrained =
      models::load_pretrained(options.model, {.max_length = options.max_length.value_or(0)});
  if (communicator.rank() == 0) warn_if_unfinished(options.model, pretrained.missing);
  pretrained.model.to(trainer::choose_device(communicator));
  return pretrained;
}

}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  using namespace lambdaforge;
  launch::keep_freed_memory();
  return launch::run_program(argc, argv, launch::evaluate,
                             [](const std::exception&) -> int { trainer::abort_world(); });
}
