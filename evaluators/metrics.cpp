#include "evaluators/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace lambdaforge::evaluators {
namespace {

void check_cut_off(size_t k) {
  if (k < 1) throw std::invalid_argument("a metric's cut-off k must be at least 1, got 0");
}

void check_scores(std::span<const float> scores, std::span<const uint8_t> relevant) {
  if (scores.size() != relevant.size())
    throw std::invalid_argument(fmt::format("{} scores for {} documents; one a document expected",
                                            scores.size(), relevant.size()));
  const auto nan = std::ranges::find_if(scores, [](float score) { return std::isnan(score); });
  if (nan != scores.end())
    throw std::invalid_argument(
        fmt::format("score {} of {} is not a number and cannot be ranked: has the model diverged?",
                    nan - scores.begin() + 1, scores.size()));
}

// The sum of the discounts of ranks first + 1 to last.
double discount(size_t first, size_t last) {
  double sum = 0;
  for (size_t rank = first + 1; rank <= last; ++rank)
    sum += 1 / std::log2(static_cast<double>(rank) + 1);
  return sum;
}

}  // namespace

Ranking rank_by_score(std::span<const float> scores, std::span<const uint8_t> relevant) {
  check_scores(scores, relevant);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a > b;
  });

  Ranking ranking;
  ranking.relevant.reserve(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    ranking.relevant.push_back(relevant[order[rank]]);
    ranking.num_relevant += relevant[order[rank]];
    if (rank + 1 == order.size() || scores[order[rank]] != scores[order[rank + 1]])
      ranking.tie_ends.push_back(rank + 1);
  }
  return ranking;
}

Ranking rank_as_given(std::vector<uint8_t> relevant) {
  Ranking ranking;
  ranking.relevant = std::move(relevant);
  ranking.tie_ends.resize(ranking.relevant.size());
  std::iota(ranking.tie_ends.begin(), ranking.tie_ends.end(), size_t{1});
  ranking.num_relevant =
      std::accumulate(ranking.relevant.begin(), ranking.relevant.end(), size_t{0});
  return ranking;
}

std::optional<double> ndcg(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  if (ranking.num_relevant == 0) return std::nullopt;
  double dcg = 0;
  size_t begin = 0;
  for (const size_t end : ranking.tie_ends) {
    if (begin >= k) break;
    const auto tied = std::span(ranking.relevant).subspan(begin, end - begin);
    const size_t num_relevant = std::accumulate(tied.begin(), tied.end(), size_t{0});
    const double mean_gain = static_cast<double>(num_relevant) / static_cast<double>(tied.size());
    if (num_relevant > 0) dcg += mean_gain * discount(begin, std::min(end, k));
    begin = end;
  }
  return dcg / discount(0, std::min(ranking.num_relevant, k));
}

std::optional<double> reciprocal_rank(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  if (ranking.num_relevant == 0) return std::nullopt;
  const auto first = std::ranges::find(ranking.relevant, uint8_t{1});
  const auto rank = static_cast<size_t>(first - ranking.relevant.begin()) + 1;
  return rank <= k ? 1 / static_cast<double>(rank) : 0;
}

std::optional<double> average_precision(const Ranking& ranking) {
  if (ranking.num_relevant == 0) return std::nullopt;
  double sum = 0;
  size_t begin = 0;
  size_t found = 0;
  for (const size_t end : ranking.tie_ends) {
    const size_t before = found;
    for (; begin < end; ++begin) found += ranking.relevant[begin];
    sum +=
        static_cast<double>(found - before) * static_cast<double>(found) / static_cast<double>(end);
  }
  return sum / static_cast<double>(ranking.num_relevant);
}

}  // namespace lambdaforge::evaluators
