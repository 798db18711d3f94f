#include "evaluators/nano_beir.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "evaluators/results_csv.h"

namespace lambdaforge::evaluators {
namespace {

[[noreturn]] void throw_bad_set(const RankingSet& set, const std::string& what) {
  throw std::invalid_argument(fmt::format("data set {}: {}", set.name, what));
}

class CorpusTexts {
 public:
  explicit CorpusTexts(const RankingSet& set) : set_(set) {
    for (const auto& [id, text] : set.corpus) texts_.insert_or_assign(id, &text);
  }
  const std::string& at(const std::string& id, std::string_view source,
                        const std::string& query_id) const {
    const auto found = texts_.find(id);
    if (found == texts_.end())
      throw_bad_set(set_, fmt::format("the {} of query '{}' name document '{}', which the corpus "
                                      "of {} documents lacks",
                                      source, query_id, id, set_.corpus.size()));
    return *found->second;
  }

 private:
  const RankingSet& set_;
  std::unordered_map<std::string_view, const std::string*> texts_;
};

void check_queries_known(const RankingSet& set) {
  std::unordered_set<std::string_view> known;
  for (const auto& query : set.queries) known.insert(query.first);
  for (const auto& candidates : set.candidates)
    if (!known.contains(candidates.first))
      throw_bad_set(set, fmt::format("there are candidates for query '{}', which is not among the "
                                     "{} queries",
                                     candidates.first, set.queries.size()));
}

std::vector<std::string> positive_texts(const std::vector<std::string>& ids,
                                        const CorpusTexts& corpus, const std::string& query_id) {
  std::vector<std::string> texts;
  std::unordered_set<std::string_view> seen;  // a judgement that is given twice counts once
  for (const std::string& id : ids)
    if (seen.insert(id).second) texts.push_back(corpus.at(id, "qrels", query_id));
  return texts;
}

std::vector<RerankingSample> make_samples(const RankingSet& set, size_t rerank_k) {
  check_queries_known(set);
  const CorpusTexts corpus(set);
  std::vector<RerankingSample> samples;
  for (const auto& [id, text] : set.queries) {
    const auto candidates = set.candidates.find(id);
    const bool has_candidates = candidates != set.candidates.end() && !candidates->second.empty();
    const auto qrels = set.qrels.find(id);
    if (qrels == set.qrels.end()) {
      if (has_candidates)
        throw_bad_set(set, fmt::format("query '{}' has candidates but no qrels", id));
      continue;
    }
    RerankingSample sample{id, text, positive_texts(qrels->second, corpus, id), {}};
    if (has_candidates)
      for (const auto& candidate :
           std::span(candidates->second).first(std::min(rerank_k, candidates->second.size())))
        sample.documents.push_back(corpus.at(candidate, "candidates", id));
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace

NanoBeirEvaluator::NanoBeirEvaluator(const std::vector<RankingSet>& sets, NanoBeirOptions options)
    : prefix_(fmt::format("NanoBEIR_R{}_mean_", options.rerank_k)), at_k_(options.at_k) {
  if (sets.empty()) throw std::invalid_argument("NanoBEIR: no data sets to evaluate on");
  if (options.rerank_k < 1)
    throw std::invalid_argument(
        fmt::format("NanoBEIR: rerank_k must be at least 1, got {}", options.rerank_k));
  for (const RankingSet& set : sets)
    evaluators_.emplace_back(
        fmt::format("{}_R{}", set.name, options.rerank_k),
        make_samples(set, static_cast<size_t>(options.rerank_k)),
        RerankingOptions{.at_k = options.at_k,
                         .always_rerank_positives = options.always_rerank_positives,
                         .metrics = options.metrics});
}

std::vector<std::string> NanoBeirEvaluator::metric_names() const {
  std::vector<std::string> names;
  for (const RerankingEvaluator& evaluator : evaluators_)
    for (std::string& name : evaluator.metric_names()) names.push_back(std::move(name));
  for (const std::string& name : evaluators_.front().own_metric_names())
    names.push_back(prefix_ + name);
  return names;
}

std::string NanoBeirEvaluator::primary_metric() const {
  return fmt::format("{}ndcg@{}", prefix_, at_k_);
}

std::vector<std::string> NanoBeirEvaluator::left_out() const {
  std::vector<std::string> queries;
  for (const RerankingEvaluator& evaluator : evaluators_)
    for (std::string& query : evaluator.left_out()) queries.push_back(std::move(query));
  return queries;
}

Evaluation NanoBeirEvaluator::evaluate(const Scorer& score) const {
  std::vector<TextPair> pairs;
  for (const RerankingEvaluator& evaluator : evaluators_) evaluator.append_pairs(pairs);
  const std::vector<float> scores = score_pairs(score, pairs);

  Evaluation evaluation;
  const auto names = evaluators_.front().own_metric_names();
  std::vector<double> sums(names.size());
  std::span<const float> rest = scores;
  for (const RerankingEvaluator& evaluator : evaluators_) {
    Evaluation own = evaluator.evaluate_scores(rest.first(evaluator.num_pairs()));
    rest = rest.subspan(evaluator.num_pairs());
    for (size_t i = 0; i < names.size(); ++i) {
      sums[i] += own.metrics[i].second;
      evaluation.metrics.push_back(std::move(own.metrics[i]));
    }
    evaluation.per_query.merge(own.per_query);
  }
  for (size_t i = 0; i < names.size(); ++i)
    evaluation.metrics.emplace_back(prefix_ + names[i],
                                    sums[i] / static_cast<double>(evaluators_.size()));
  evaluation.primary_metric = primary_metric();
  return evaluation;
}

void NanoBeirEvaluator::write_csv(const Evaluation& evaluation, EvaluationPoint point,
                                  const std::string& folder) const {
  for (const RerankingEvaluator& evaluator : evaluators_)
    evaluator.write_csv(evaluation, point, folder);
  append_results(std::filesystem::path(folder) / "NanoBEIR_evaluation_mean_results.csv",
                 LineEnd::kLf, at_k_, point, evaluation, prefix_);
}

}  // namespace lambdaforge::evaluators
