// lambdaforge evaluate: a reranker's figures on NanoBEIR data sets, on all ranks of the world.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "evaluators/nano_beir.h"
#include "evaluators/per_query.h"
#include "experiments/sinks/metrics_table.h"
#include "launch/memory.h"
#include "launch/options.h"
#include "launch/report.h"
#include "models/pretrained.h"
#include "trainer/data/nano_beir_reader.h"
#include "trainer/parallel/communicator.h"
#include "trainer/shared_scorer.h"

namespace lambdaforge::launch {
namespace {

std::string to_json(const evaluators::Evaluation& evaluation) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : evaluation.metrics) json[name] = value;
  return json.dump() + "\n";
}

void warn_about_left_out_queries(const evaluators::NanoBeirEvaluator& evaluator) {
  for (const auto& set : evaluator.evaluators())
    for (const std::string& query : set.left_out_queries())
      std::cerr << fmt::format("{}: query {} has no candidates and counts in no metric\n",
                               set.name(), query);
}

int run(const EvaluateOptions& options) {
  const auto communicator = trainer::make_communicator();
  trainer::use_own_processors(*communicator);
  const evaluators::NanoBeirEvaluator evaluator(
      trainer::load_nano_beir(options.nano, options.dataset_names),
      {.rerank_k = options.rerank_k,
       .at_k = options.at_k,
       .always_rerank_positives = options.always_rerank_positives,
       .metrics = options.metrics});
  models::Pretrained pretrained =
      models::load_pretrained(options.model, {.max_length = options.max_length.value_or(0)});
  if (const int64_t labels = pretrained.model.config().num_labels; labels != 1)
    throw std::invalid_argument(
        fmt::format("{} has {} labels; reranking needs a model with one", options.model, labels));
  if (communicator->rank() == 0) warn_if_unfinished(options.model, pretrained.missing);
  pretrained.model.to(trainer::choose_device(*communicator));
  const evaluators::Evaluation evaluation = evaluator.evaluate(
      trainer::make_shared_scorer(pretrained, *communicator, options.batch_tokens));
  if (communicator->rank() == 0) {
    warn_about_left_out_queries(evaluator);
    if (!options.output.empty()) {
      std::filesystem::create_directories(options.output);
      evaluator.write_csv(evaluation, {}, options.output);
      evaluators::write_per_query(std::filesystem::path(options.output) / "per_query.csv",
                                  evaluation.per_query);
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
