// One query's documents in order of rank, with their grades: what every metric reads.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace lambdaforge::evaluators {

// A grade of 1 or more is relevant, 0 is not. Below 0 a document was in the pool but nobody
// decided (TREC's -1): it is not relevant either, and bpref passes it over.
constexpr bool is_relevant(int grade) {
  return grade >= 1;
}

struct Ranking {
  // [documents], best document first; nullopt: there is no judgement.
  std::vector<std::optional<int>> grades;
  std::vector<size_t> tie_ends;  // where each run of equal scores ends; the last is documents
  // The grades of all judged documents of the query, ranked or not, highest first.
  std::vector<int> judged;

  bool relevant_at(size_t i) const { return grades[i] && is_relevant(*grades[i]); }
  size_t num_relevant() const;  // ranked or not
};

// Ranks a list whose documents are all judged, and all that are judged, by score, highest first;
// of equal scores the later document comes first, so a model that cannot tell documents apart
// gains nothing from relevant ones that stand at the head of the list.
// scores[documents], grades[documents]. Throws std::invalid_argument on different lengths and on
// a score that is NaN.
Ranking rank_by_score(std::span<const float> scores, std::span<const int> grades);

// The given order is the ranking, without ties; all documents are judged, and all that are judged.
Ranking rank_as_given(std::span<const int> grades);

// The same of some of the judged documents, and of others. `judged` in any order.
Ranking rank_as_given(std::vector<std::optional<int>> grades, std::vector<int> judged);

}  // namespace lambdaforge::evaluators
