#include <fmt/format.h>

#include <iostream>

#include "launch/evaluate.h"
#include "trainer/build_evaluator.h"
#include "trainer/shared_scorer.h"

namespace lambdaforge::launch {
namespace {

trainer::EvaluationConfig what_to_evaluate(const EvaluateOptions& options) {
  return {.correlation = options.correlation,
          .classification = options.classification,
          .nano_beir = options.nano,
          .dataset_names = options.dataset_names,
          .rerank_k = options.rerank_k,
          .at_k = options.at_k,
          .metrics = options.metrics,
          .always_rerank_positives = options.always_rerank_positives};
}

void warn_about_left_out(const evaluators::Evaluator& evaluator) {
  for (const std::string& query : evaluator.left_out())
    std::cerr << fmt::format("{}: no candidates for this query, it counts in no metric\n", query);
}

}  // namespace

evaluators::Evaluation evaluate_model(const EvaluateOptions& options,
                                      trainer::Communicator& communicator) {
  const models::Pretrained pretrained = load_model(options, communicator);
  const auto evaluator = trainer::build_evaluator(what_to_evaluate(options), pretrained);
  evaluators::Evaluation evaluation = evaluator->evaluate(
      trainer::make_shared_scorer(pretrained, communicator, options.batch_tokens));
  if (communicator.rank() == 0) {
    warn_about_left_out(*evaluator);
    if (!options.output.empty()) evaluator->write_csv(evaluation, {}, options.output);
  }
  return evaluation;
}

}  // namespace lambdaforge::launch
