// Ranking metrics of one list with binary relevance. A list is ranked once; every metric reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lambdaforge::evaluators {

// The relevance of a list's documents, best document first.
struct Ranking {
  std::vector<uint8_t> relevant;  // [documents], 0 or 1
  std::vector<size_t> tie_ends;   // where each run of equal scores ends; the last is documents
  size_t num_relevant = 0;
};

// Ranks by score, highest first; of equal scores the later document comes first, so a model that
// cannot tell documents apart gains nothing from relevant ones that stand at the head of the list.
// scores[documents], relevant[documents]. Throws std::invalid_argument on different lengths and on
// a score that is NaN.
Ranking rank_by_score(std::span<const float> scores, std::span<const uint8_t> relevant);

// The given order is the ranking, without ties.
Ranking rank_as_given(std::vector<uint8_t> relevant);

// All metrics lie in [0, 1] and are nullopt where no document is relevant. `k` below 1 throws
// std::invalid_argument.

// DCG@k / ideal DCG@k with gain 1 for a relevant document and discount 1 / log2(rank + 1)
// (Jarvelin & Kekalainen 2002). Documents of equal score share their ranks' mean discount
// (McSherry & Najork 2008), which is the mean over all orders of the tied documents, as in
// scikit-learn's ndcg_score.
std::optional<double> ndcg(const Ranking& ranking, size_t k);

// 1 / rank of the first relevant document, 0 where it is beyond rank k.
std::optional<double> reciprocal_rank(const Ranking& ranking, size_t k);

// sum over thresholds t of (recall_t - recall_{t-1}) * precision_t over the whole list; equal
// scores form one threshold, as in scikit-learn's average_precision_score.
std::optional<double> average_precision(const Ranking& ranking);

}  // namespace lambdaforge::evaluators
