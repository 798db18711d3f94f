// Ranking metrics of one list. A list is ranked once; every metric reads it.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>

#include "evaluators/ranking.h"

namespace lambdaforge::evaluators {

// All metrics lie in [0, 1] and are nullopt where no judged document is relevant (there is nothing
// to find), `judged` where no document is ranked. A document without a judgement counts as not
// relevant, except in bpref and `judged`. Only ndcg and average_precision see ties; the others take
// the order as it is. `k` below 1 throws std::invalid_argument.

inline constexpr size_t kNoCutOff = std::numeric_limits<size_t>::max();

enum class Gain {
  kLinear,       // the grade: trec_eval, scikit-learn
  kExponential,  // 2^grade - 1: Burges et al. 2005, gdeval
};

// DCG@k / ideal DCG@k with discount 1 / log2(rank + 1) (Jarvelin & Kekalainen 2002); the ideal
// ranks all judged documents. A grade below 0 gains nothing. Documents of equal score share their
// ranks' mean discount (McSherry & Najork 2008), which is the mean over all orders of the tied
// documents, as in scikit-learn's ndcg_score. Throws std::invalid_argument on a grade above 1000
// with the exponential gain: the sum would overflow.
std::optional<double> ndcg(const Ranking& ranking, size_t k, Gain gain = Gain::kLinear);

// 1 / rank of the first relevant document, 0 where it is beyond rank k or not ranked.
std::optional<double> reciprocal_rank(const Ranking& ranking, size_t k);

// sum over thresholds t of (recall_t - recall_{t-1}) * precision_t over the whole list; equal
// scores form one threshold, as in scikit-learn's average_precision_score.
std::optional<double> average_precision(const Ranking& ranking);

// Of the first k ranks, the share with a relevant document; a list shorter than k is filled up with
// documents that are not.
std::optional<double> precision(const Ranking& ranking, size_t k);

// Of the relevant documents, the share within the first k ranks.
std::optional<double> recall(const Ranking& ranking, size_t k);

// 1 where any of the first k documents is relevant, else 0.
std::optional<double> success(const Ranking& ranking, size_t k);

// Rank-biased precision: (1 - p) * sum over relevant ranks of p^(rank - 1), Moffat & Zobel 2008,
// eq. 4, for a user who looks at the next document with persistence p. Throws std::invalid_argument
// unless 0 < p < 1.
std::optional<double> rbp(const Ranking& ranking, double p);

// Expected reciprocal rank: sum over ranks r of R_r / r * product over i < r of (1 - R_i) with
// R = (2^grade - 1) / 2^4, Chapelle et al. 2009, eq. 4. The scale ends at grade 4 whatever the
// judgements, as in TREC's gdeval, so that figures of queries and data sets compare. Throws
// std::invalid_argument on a grade above it.
inline constexpr int kErrHighestGrade = 4;
std::optional<double> err(const Ranking& ranking, size_t k);

// 1 / R * sum over ranked relevant documents of 1 - min(n, R) / min(N, R), Buckley & Voorhees 2004
// as trec_eval computes it: R relevant and N not relevant documents are judged, n of the latter
// stand above.
std::optional<double> bpref(const Ranking& ranking);

// Of the first k documents (all of a shorter list), the share that has a judgement: how far the
// other figures can be trusted.
std::optional<double> judged(const Ranking& ranking, size_t k);

}  // namespace lambdaforge::evaluators
