#include <fmt/format.h>

#include <iostream>

#include "evaluators/nano_beir.h"
#include "launch/evaluate.h"
#include "trainer/data/nano_beir_reader.h"
#include "trainer/shared_scorer.h"

namespace lambdaforge::launch {
namespace {

void warn_about_left_out_queries(const evaluators::NanoBeirEvaluator& evaluator) {
  for (const auto& set : evaluator.evaluators())
    for (const std::string& query : set.left_out_queries())
      std::cerr << fmt::format("{}: query {} has no candidates and counts in no metric\n",
                               set.name(), query);
}

}  // namespace

evaluators::Evaluation evaluate_nano(const EvaluateOptions& options,
                                     trainer::Communicator& communicator) {
  const evaluators::NanoBeirEvaluator evaluator(
      trainer::load_nano_beir(options.nano, options.dataset_names),
      {.rerank_k = options.rerank_k,
       .at_k = options.at_k,
       .always_rerank_positives = options.always_rerank_positives,
       .metrics = options.metrics});
  const models::Pretrained pretrained = load_reranker(options, communicator);
  evaluators::Evaluation evaluation = evaluator.evaluate(
      trainer::make_shared_scorer(pretrained, communicator, options.batch_tokens));
  if (communicator.rank() == 0) {
    warn_about_left_out_queries(evaluator);
    if (!options.output.empty()) evaluator.write_csv(evaluation, {}, options.output);
  }
  return evaluation;
}

}  // namespace lambdaforge::launch
