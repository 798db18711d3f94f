#include "evaluators/run_evaluation.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace lambdaforge::evaluators {

Evaluation evaluate_run(const Run& run, const Qrels& qrels, const std::vector<Metric>& metrics,
                        const std::string& prefix) {
  if (metrics.empty()) throw std::invalid_argument("no metrics to evaluate a run with");
  std::vector<std::vector<std::pair<std::string, double>>> per_query(metrics.size());
  for (const auto& [query, judgements] : qrels) {
    const auto documents = run.find(query);
    const Ranking ranking = rank_run(
        documents == run.end() ? std::vector<ScoredDocument>{} : documents->second, judgements);
    if (ranking.num_relevant() == 0) continue;
    for (size_t i = 0; i < metrics.size(); ++i)
      per_query[i].emplace_back(query, metrics[i].value(ranking).value_or(0));
  }
  if (per_query[0].empty())
    throw std::invalid_argument(fmt::format(
        "none of {} judged queries has a relevant document (a grade of 1 or more)", qrels.size()));

  Evaluation evaluation;
  for (size_t i = 0; i < metrics.size(); ++i)
    evaluation.add(prefix + metrics[i].name, std::move(per_query[i]));
  evaluation.primary_metric = prefix + metrics[0].name;
  return evaluation;
}

}  // namespace lambdaforge::evaluators
