#include "evaluators/retrieval.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "evaluators/bm25.h"
#include "evaluators/run_evaluation.h"

namespace lambdaforge::evaluators {
namespace {

using Documents = std::vector<ScoredDocument>;

class TextsById {
 public:
  explicit TextsById(const RetrievalSet& set) : set_(set) {
    for (size_t i = 0; i < set.documents.size(); ++i)
      texts_.emplace(set.document_ids[i], &set.documents[i]);
  }

  const std::string& at(const std::string& document, const std::string& query) const {
    const auto found = texts_.find(document);
    if (found == texts_.end())
      throw std::invalid_argument(fmt::format(
          "{}: the first stage found document '{}' for query '{}', but the corpus of {} documents "
          "lacks it; is it the run of another data set?",
          set_.name, document, query, set_.documents.size()));
    return *found->second;
  }

 private:
  const RetrievalSet& set_;
  std::unordered_map<std::string_view, const std::string*> texts_;
};

Documents sorted(const Documents& documents) {
  Documents result;
  result.reserve(documents.size());
  for (const ScoredDocument* document : best_first(documents)) result.push_back(*document);
  return result;
}

// scores[the first documents]; each of the others gets one below all that stand before it, also
// where a float is too coarse for a difference of 1.
void replace_scores(Documents& documents, std::span<const float> scores) {
  float below = std::numeric_limits<float>::max();
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i]))
      throw std::invalid_argument(
          fmt::format("the model's score of document '{}' is {}: has it diverged?",
                      documents[i].document, scores[i]));
    documents[i].score = scores[i];
    below = std::min(below, scores[i]);
  }
  for (ScoredDocument& document : std::span(documents).subspan(scores.size())) {
    below = std::min(below - 1, std::nextafter(below, -std::numeric_limits<float>::infinity()));
    document.score = below;
  }
}

}  // namespace

Run bm25_run(const RetrievalSet& set, size_t depth) {
  const Bm25Index index(set.documents);
  Run run;
  for (const auto& [id, text] : set.queries)
    for (const auto& [document, score] : index.search(text, depth))
      run[id].push_back({set.document_ids[static_cast<size_t>(document)], score});
  return run;
}

size_t drop_queries_themselves(const RetrievalSet& set, Run& run) {
  size_t dropped = 0;
  for (auto& [query, documents] : run) {
    const auto judged = set.qrels.find(query);
    if (judged != set.qrels.end() && judged->second.contains(query)) continue;
    dropped += std::erase_if(
        documents, [&](const ScoredDocument& document) { return document.document == query; });
  }
  std::erase_if(run, [](const auto& ranked) { return ranked.second.empty(); });
  return dropped;
}

Run rerank(const RetrievalSet& set, const Run& first_stage, size_t k, const Scorer& score) {
  if (k < 1) throw std::invalid_argument("reranking needs k >= 1, got 0");
  const TextsById texts(set);
  std::vector<TextPair> pairs;
  Run reranked;
  for (const auto& [id, text] : set.queries) {
    const auto found = first_stage.find(id);
    if (found == first_stage.end()) continue;
    const Documents& documents = reranked[id] = sorted(found->second);
    for (const ScoredDocument& document : std::span(documents).first(std::min(k, documents.size())))
      pairs.push_back({text, texts.at(document.document, id)});
  }
  if (reranked.empty())
    throw std::invalid_argument(
        fmt::format("{}: the first stage's run has none of the {} judged queries; is it the run of "
                    "another split?",
                    set.name, set.queries.size()));
  const std::vector<float> scores = score_pairs(score, pairs);
  std::span<const float> rest = scores;
  for (const auto& query : set.queries)  // in the order of the pairs
    if (const auto found = reranked.find(query.first); found != reranked.end()) {
      const auto own = rest.first(std::min(k, found->second.size()));
      rest = rest.subspan(own.size());
      replace_scores(found->second, own);
    }
  return reranked;
}

Evaluation evaluate_first_stage(const RetrievalSet& set, const Run& first_stage,
                                const std::vector<Metric>& metrics) {
  return evaluate_run(first_stage, set.qrels, metrics, set.name + "_base_");
}

Evaluation compare_runs(const RetrievalSet& set, const Run& reranked, Evaluation first_stage,
                        const std::vector<Metric>& metrics) {
  Evaluation evaluation = evaluate_run(reranked, set.qrels, metrics, set.name + "_");
  evaluation.metrics.insert(evaluation.metrics.end(), first_stage.metrics.begin(),
                            first_stage.metrics.end());
  evaluation.per_query.merge(first_stage.per_query);
  return evaluation;
}

}  // namespace lambdaforge::evaluators
