#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "evaluators/retrieval.h"
#include "launch/evaluate.h"
#include "trainer/data/beir_reader.h"
#include "trainer/shared_scorer.h"

namespace lambdaforge::launch {
namespace {

using evaluators::RetrievalSet;
using evaluators::Run;

constexpr size_t kBm25Depth = 1000;  // as deep as TREC's runs, so that recall@1000 can be asked for

Run first_stage_of(const RetrievalSet& set, const EvaluateOptions& options) {
  if (options.first_stage.empty())  // one more, because one of them may be the query itself
    return bm25_run(set, std::max(kBm25Depth, static_cast<size_t>(options.rerank_k)) + 1);
  Run run = trainer::read_first_stage(options.first_stage);
  std::erase_if(run, [&](const auto& ranked) { return !set.qrels.contains(ranked.first); });
  return run;
}

void tell_about_first_stage(const RetrievalSet& set, const Run& first_stage, size_t dropped) {
  if (dropped > 0)
    std::cerr << fmt::format("{}: left out {} documents with the id of their query, as BEIR does\n",
                             set.name, dropped);
  const auto is_lost = [&](const auto& query) {
    const auto found = first_stage.find(query.first);
    return found == first_stage.end() || found->second.empty();
  };
  if (const auto count = std::ranges::count_if(set.queries, is_lost); count > 0)
    std::cerr << fmt::format(
        "{}: the first stage found nothing for {} of {} queries, such as {}; they count 0\n",
        set.name, count, set.queries.size(), std::ranges::find_if(set.queries, is_lost)->first);
}

std::filesystem::path run_file(const EvaluateOptions& options, const char* what,
                               const RetrievalSet& set) {
  return std::filesystem::path(options.output) / fmt::format("{}.{}.trec", what, set.name);
}

}  // namespace

evaluators::Evaluation evaluate_beir(const EvaluateOptions& options,
                                     trainer::Communicator& communicator) {
  const RetrievalSet set = trainer::load_beir(options.beir, options.split);
  Run first_stage = first_stage_of(set, options);
  const size_t dropped = drop_queries_themselves(set, first_stage);
  const auto metrics =
      evaluators::parse_metrics(options.metrics.empty() ? kDefaultBeirMetrics : options.metrics);
  // A grade that a metric refuses and an id that no run file can hold show here, in seconds, and
  // not when everything has been scored.
  evaluators::Evaluation base = evaluate_first_stage(set, first_stage, metrics);
  if (communicator.rank() == 0) {
    tell_about_first_stage(set, first_stage, dropped);
    if (!options.output.empty())
      write_run(run_file(options, "bm25", set), first_stage, "first-stage");
  }
  const models::Pretrained pretrained = load_model(options, communicator);
  if (const int64_t labels = pretrained.model.config().num_labels; labels != 1)
    throw std::invalid_argument(
        fmt::format("{} has {} labels; reranking needs a model with one", options.model, labels));
  const Run reranked =
      rerank(set, first_stage, static_cast<size_t>(options.rerank_k),
             trainer::make_shared_scorer(pretrained, communicator, options.batch_tokens));
  if (communicator.rank() == 0 && !options.output.empty())
    write_run(run_file(options, "run", set), reranked);
  return compare_runs(set, reranked, std::move(base), metrics);
}

}  // namespace lambdaforge::launch
