#include "evaluators/reranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "evaluators/metrics.h"
#include "evaluators/results_csv.h"

namespace lambdaforge::evaluators {
namespace {

std::array<double, 3> list_metrics(const Ranking& ranking, size_t k) {
  return {average_precision(ranking).value_or(0), reciprocal_rank(ranking, k).value_or(0),
          ndcg(ranking, k).value_or(0)};
}

// Whether each document's text is among the positives.
std::vector<int> judge(const RerankingSample& sample) {
  const std::unordered_set<std::string_view> positives(sample.positives.begin(),
                                                       sample.positives.end());
  std::vector<int> relevant;
  relevant.reserve(sample.documents.size());
  for (const std::string& document : sample.documents)
    relevant.push_back(positives.contains(document));
  return relevant;
}

// How many positives the first stage did not find. A text that is listed twice counts twice.
size_t count_missed(const RerankingSample& sample) {
  std::unordered_multiset<std::string_view> found(sample.documents.begin(), sample.documents.end());
  size_t missed = 0;
  for (const std::string& positive : sample.positives)
    if (const auto document = found.find(positive); document != found.end())
      found.erase(document);
    else
      ++missed;
  return missed;
}

// The first stage's own figures. A text that is listed twice counts twice, in the documents as in
// the positives, and thereby stands in for a missed positive: the peer's rule, kept so that figures
// agree.
std::array<double, 3> base_metrics(std::vector<int> relevant, size_t num_positives, size_t k) {
  const auto found = static_cast<size_t>(std::count(relevant.begin(), relevant.end(), 1));
  if (found == 0) return {0, 0, 0};
  if (found < num_positives) relevant.resize(relevant.size() + num_positives - found, 1);
  return list_metrics(rank_as_given(relevant), k);
}

std::vector<std::string> peers_metric_names(int64_t at_k) {
  const std::string mrr = fmt::format("mrr@{}", at_k);
  const std::string ndcg = fmt::format("ndcg@{}", at_k);
  return {"map", mrr, ndcg, "base_map", "base_" + mrr, "base_" + ndcg};
}

void check_options(const std::string& name, const RerankingOptions& options) {
  if (options.at_k < 1)
    throw std::invalid_argument(
        fmt::format("evaluator '{}': at_k must be at least 1, got {}", name, options.at_k));
}

}  // namespace

RerankingEvaluator::List RerankingEvaluator::make_list(RerankingSample sample,
                                                       const RerankingOptions& options) {
  std::vector<int> relevant = judge(sample);
  List list{
      .query_id = std::move(sample.query_id),
      .query = std::move(sample.query),
      .documents = {},
      .relevant = {},
      .lost = options.always_rerank_positives ? 0 : count_missed(sample),
      .base = base_metrics(relevant, sample.positives.size(), static_cast<size_t>(options.at_k))};
  if (options.always_rerank_positives) {
    list.documents = std::move(sample.positives);
    list.relevant.assign(list.documents.size(), 1);
    for (size_t i = 0; i < relevant.size(); ++i)
      if (!relevant[i]) list.documents.push_back(std::move(sample.documents[i]));
    list.relevant.resize(list.documents.size(), 0);
  } else {
    list.documents = std::move(sample.documents);
    list.relevant = std::move(relevant);
  }
  // No order of such a list is better than another: it counts 0 and is not worth scoring.
  if (std::count(list.relevant.begin(), list.relevant.end(), 1) == 0) {
    list.documents.clear();
    list.relevant.clear();
  }
  return list;
}

RerankingEvaluator::RerankingEvaluator(std::string name, std::vector<RerankingSample> samples,
                                       RerankingOptions options)
    : name_(std::move(name)),
      options_(std::move(options)),
      more_metrics_(parse_metrics(options_.metrics)) {
  check_options(name_, options_);
  const auto reported = peers_metric_names(options_.at_k);
  std::erase_if(more_metrics_, [&](const Metric& metric) {
    return std::ranges::find(reported, metric.name) != reported.end();
  });
  for (RerankingSample& sample : samples) {
    if (sample.documents.empty()) {
      left_out_queries_.push_back(std::move(sample.query_id));
      continue;
    }
    lists_.push_back(make_list(std::move(sample), options_));
    num_pairs_ += lists_.back().documents.size();
  }
  if (lists_.empty())
    throw std::invalid_argument(fmt::format(
        "evaluator '{}': none of {} queries has documents to rerank", name_, samples.size()));
}

void RerankingEvaluator::append_pairs(std::vector<TextPair>& pairs) const {
  pairs.reserve(pairs.size() + num_pairs_);
  for (const List& list : lists_)
    for (const std::string& document : list.documents) pairs.push_back({list.query, document});
}

Evaluation RerankingEvaluator::evaluate(const Scorer& score) const {
  std::vector<TextPair> pairs;
  append_pairs(pairs);
  return evaluate_scores(score_pairs(score, pairs));
}

std::vector<std::string> RerankingEvaluator::own_metric_names() const {
  std::vector<std::string> names = peers_metric_names(options_.at_k);
  for (const Metric& metric : more_metrics_) names.push_back(metric.name);
  return names;
}

// In the order of own_metric_names().
std::vector<double> RerankingEvaluator::list_figures(const List& list,
                                                     std::span<const float> scores) const {
  Ranking ranking = rank_by_score(scores, list.relevant);
  const auto reranked = list_metrics(ranking, static_cast<size_t>(options_.at_k));
  std::vector<double> figures(reranked.begin(), reranked.end());
  figures.insert(figures.end(), list.base.begin(), list.base.end());
  // The peer's figures are of the list alone, as if nothing else were relevant. What was asked for
  // beside them knows better.
  ranking.judged.insert(ranking.judged.begin(), list.lost, 1);
  for (const Metric& metric : more_metrics_) figures.push_back(metric.value(ranking).value_or(0));
  return figures;
}

Evaluation RerankingEvaluator::evaluate_scores(std::span<const float> scores) const {
  if (scores.size() != num_pairs_)
    throw std::invalid_argument(fmt::format("evaluator '{}': got {} scores for {} pairs", name_,
                                            scores.size(), num_pairs_));
  const auto names = own_metric_names();
  std::vector<std::vector<std::pair<std::string, double>>> per_query(names.size());
  for (const List& list : lists_) {
    const auto figures = list_figures(list, scores.first(list.documents.size()));
    scores = scores.subspan(list.documents.size());
    for (size_t i = 0; i < names.size(); ++i) per_query[i].emplace_back(list.query_id, figures[i]);
  }

  Evaluation evaluation;
  for (size_t i = 0; i < names.size(); ++i)
    evaluation.add(prefix() + names[i], std::move(per_query[i]));
  evaluation.primary_metric = primary_metric();
  return evaluation;
}

std::vector<std::string> RerankingEvaluator::metric_names() const {
  std::vector<std::string> names;
  for (const std::string& name : own_metric_names()) names.push_back(prefix() + name);
  return names;
}

std::string RerankingEvaluator::primary_metric() const {
  return fmt::format("{}ndcg@{}", prefix(), options_.at_k);
}

std::vector<std::string> RerankingEvaluator::left_out() const {
  std::vector<std::string> queries;
  for (const std::string& query : left_out_queries_)
    queries.push_back(name_.empty() ? query : name_ + " " + query);
  return queries;
}

void RerankingEvaluator::write_csv(const Evaluation& evaluation, EvaluationPoint point,
                                   const std::string& folder) const {
  const std::string file = fmt::format("CrossEncoderRerankingEvaluator{}{}_results_@{}.csv",
                                       name_.empty() ? "" : "_", name_, options_.at_k);
  append_results(std::filesystem::path(folder) / file, LineEnd::kCrLf, options_.at_k, point,
                 evaluation, prefix());
}

}  // namespace lambdaforge::evaluators
