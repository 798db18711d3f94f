#include "evaluators/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace lambdaforge::evaluators {
namespace {

void check_scores(std::span<const float> scores, std::span<const int> grades) {
  if (scores.size() != grades.size())
    throw std::invalid_argument(fmt::format("{} scores for {} documents; one a document expected",
                                            scores.size(), grades.size()));
  const auto nan = std::ranges::find_if(scores, [](float score) { return std::isnan(score); });
  if (nan != scores.end())
    throw std::invalid_argument(
        fmt::format("score {} of {} is not a number and cannot be ranked: has the model diverged?",
                    nan - scores.begin() + 1, scores.size()));
}

}  // namespace

size_t Ranking::num_relevant() const {
  return static_cast<size_t>(std::ranges::partition_point(judged, is_relevant) - judged.begin());
}

Ranking rank_by_score(std::span<const float> scores, std::span<const int> grades) {
  check_scores(scores, grades);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a > b;
  });

  Ranking ranking;
  ranking.grades.reserve(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    ranking.grades.emplace_back(grades[order[rank]]);
    if (rank + 1 == order.size() || scores[order[rank]] != scores[order[rank + 1]])
      ranking.tie_ends.push_back(rank + 1);
  }
  ranking.judged.assign(grades.begin(), grades.end());
  std::ranges::sort(ranking.judged, std::greater());
  return ranking;
}

Ranking rank_as_given(std::span<const int> grades) {
  return rank_as_given({grades.begin(), grades.end()}, {grades.begin(), grades.end()});
}

Ranking rank_as_given(std::vector<std::optional<int>> grades, std::vector<int> judged) {
  Ranking ranking{.grades = std::move(grades), .tie_ends = {}, .judged = std::move(judged)};
  ranking.tie_ends.resize(ranking.grades.size());
  std::iota(ranking.tie_ends.begin(), ranking.tie_ends.end(), size_t{1});
  std::ranges::sort(ranking.judged, std::greater());
  return ranking;
}

}  // namespace lambdaforge::evaluators
