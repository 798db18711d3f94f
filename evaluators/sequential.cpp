#include "evaluators/sequential.h"

#include <fmt/format.h>

#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

namespace lambdaforge::evaluators {
namespace {

template <class T>
void append(std::vector<T>& all, std::vector<T> some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

}  // namespace

SequentialEvaluator::SequentialEvaluator(std::vector<std::unique_ptr<Evaluator>> evaluators)
    : evaluators_(std::move(evaluators)) {
  if (evaluators_.empty()) throw std::invalid_argument("no evaluators to run in sequence");
  std::set<std::string> known;
  for (const std::string& name : metric_names())
    if (!known.insert(name).second)
      throw std::invalid_argument(
          fmt::format("two evaluators report '{}'; give them different names", name));
}

Evaluation SequentialEvaluator::evaluate(const Scorer& score) const {
  Evaluation all;
  double last_primary = 0;
  for (const auto& evaluator : evaluators_) {
    Evaluation own = evaluator->evaluate(score);
    last_primary = own.at(own.primary_metric);
    append(all.metrics, std::move(own.metrics));
    all.per_query.merge(own.per_query);
  }
  all.metrics.emplace_back(primary_metric(), last_primary);
  all.primary_metric = primary_metric();
  return all;
}

std::vector<std::string> SequentialEvaluator::metric_names() const {
  std::vector<std::string> names;
  for (const auto& evaluator : evaluators_) append(names, evaluator->metric_names());
  names.push_back(primary_metric());
  return names;
}

std::vector<std::string> SequentialEvaluator::left_out() const {
  std::vector<std::string> queries;
  for (const auto& evaluator : evaluators_) append(queries, evaluator->left_out());
  return queries;
}

void SequentialEvaluator::write_csv(const Evaluation& evaluation, EvaluationPoint point,
                                    const std::string& folder) const {
  for (const auto& evaluator : evaluators_) evaluator->write_csv(evaluation, point, folder);
}

}  // namespace lambdaforge::evaluators
