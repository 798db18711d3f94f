// lambdaforge evaluate: a model's figures on NanoBEIR data sets or labelled pairs, on all ranks of
// the world.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/sinks/metrics_table.h"
#include "launch/memory.h"
#include "launch/options.h"
#include "launch/report.h"
#include "models/pretrained.h"
#include "trainer/build_evaluator.h"
#include "trainer/parallel/communicator.h"
#include "trainer/shared_scorer.h"

namespace lambdaforge::launch {
namespace {

std::string to_json(const evaluators::Evaluation& evaluation) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : evaluation.metrics) json[name] = value;
  return json.dump() + "\n";
}

void warn_about_left_out(const evaluators::Evaluator& evaluator) {
  for (const std::string& query : evaluator.left_out())
    std::cerr << fmt::format("{}: no candidates for this query, it counts in no metric\n", query);
}

trainer::EvaluationConfig what_to_evaluate(const EvaluateOptions& options) {
  return {.correlation = options.correlation,
          .classification = options.classification,
          .nano_beir = options.nano,
          .dataset_names = options.dataset_names,
          .rerank_k = options.rerank_k,
          .at_k = options.at_k,
          .always_rerank_positives = options.always_rerank_positives};
}

int run(const EvaluateOptions& options) {
  const auto communicator = trainer::make_communicator();
  trainer::use_own_processors(*communicator);
  models::Pretrained pretrained =
      models::load_pretrained(options.model, {.max_length = options.max_length.value_or(0)});
  const auto evaluator = trainer::build_evaluator(what_to_evaluate(options), pretrained);
  if (communicator->rank() == 0) warn_if_unfinished(options.model, pretrained.missing);
  pretrained.model.to(trainer::choose_device(*communicator));
  const evaluators::Evaluation evaluation = evaluator->evaluate(
      trainer::make_shared_scorer(pretrained, *communicator, options.batch_tokens));
  if (communicator->rank() == 0) {
    warn_about_left_out(*evaluator);
    if (!options.output.empty()) {
      std::filesystem::create_directories(options.output);
      evaluator->write_csv(evaluation, {}, options.output);
    }
    std::cout << (options.json ? to_json(evaluation)
                               : experiments::metrics_table(evaluation.metrics))
              << std::flush;
  }
  communicator->shut_down();
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) try {
  using namespace lambdaforge::launch;
  keep_freed_memory();
  return run(parse_evaluate(Arguments(argv + 1, argv + argc)));
} catch (const lambdaforge::launch::Answer& answer) {
  return answer.give();
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  lambdaforge::trainer::abort_world();
}
