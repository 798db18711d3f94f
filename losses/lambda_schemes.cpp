#include "losses/lambda_schemes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "losses/named.h"

namespace lambdaforge::losses {
namespace {

double gain_difference(const RankedList& list, int64_t i, int64_t j) {
  return std::abs(list.gains[i] - list.gains[j]);
}

double no_weighting(const RankedList&, int64_t, int64_t, double) {
  return 1;
}

// Wang et al. 2018, NDCG-Loss1.
double ndcg_loss1(const RankedList& list, int64_t i, int64_t, double) {
  return list.gains[i] * list.inverse_discounts[i];
}

// Wang et al. 2018, NDCG-Loss2: the discount depends on the distance of the two positions only.
double ndcg_loss2(const RankedList& list, int64_t i, int64_t j, double) {
  const int64_t distance = std::abs(i - j);
  if (distance == 0) return 0;
  const std::vector<double>& discounts = list.inverse_discounts;
  return (discounts[distance - 1] - discounts[distance]) * gain_difference(list, i, j);
}

// Burges et al. 2006: the change of NDCG when the two documents swap places.
double lambda_rank(const RankedList& list, int64_t i, int64_t j, double) {
  return std::abs(list.inverse_discounts[i] - list.inverse_discounts[j]) *
         gain_difference(list, i, j);
}

// Wang et al. 2018, NDCG-Loss2++.
double ndcg_loss2_pp(const RankedList& list, int64_t i, int64_t j, double mu) {
  return mu * ndcg_loss2(list, i, j, mu) + lambda_rank(list, i, j, mu);
}

bool is_relevant(const RankedList& list, int64_t position) {
  return list.labels[position] > 0;
}

// The change of the reciprocal rank when the relevant one of the two swaps places with the other.
double mrr_change(const RankedList& list, int64_t i, int64_t j, double) {
  if (is_relevant(list, i) == is_relevant(list, j)) return 0;
  const int64_t from = is_relevant(list, i) ? i : j, to = is_relevant(list, i) ? j : i;
  const BinaryRanking& ranking = list.binary;
  const int64_t rest = from == ranking.first ? ranking.second : ranking.first;
  const auto reciprocal_rank = [](int64_t p) { return 1 / static_cast<double>(p + 1); };
  return std::abs(reciprocal_rank(std::min(to, rest)) - reciprocal_rank(ranking.first));
}

// The change of the average precision, likewise: the precision at the two positions, and the
// relevant ones between them, which get one more or one fewer before them.
double map_change(const RankedList& list, int64_t i, int64_t j, double) {
  if (is_relevant(list, i) == is_relevant(list, j)) return 0;
  const int64_t from = is_relevant(list, i) ? i : j, to = is_relevant(list, i) ? j : i;
  const BinaryRanking& ranking = list.binary;
  const auto precision = [&](int64_t p, int64_t more) {
    return static_cast<double>(ranking.relevant_until[p] + more) / static_cast<double>(p + 1);
  };
  const auto between = [&](int64_t low, int64_t high) {  // positions low < p < high
    return ranking.reciprocals_until[high - 1] - ranking.reciprocals_until[low];
  };
  const double change = to < from ? precision(to, 1) - precision(from, 0) + between(to, from)
                                  : precision(to, 0) - precision(from, 0) - between(from, to);
  return std::abs(change) / static_cast<double>(ranking.relevant_until.back());
}

}  // namespace

BinaryRanking::BinaryRanking(const std::vector<double>& labels)
    : first(static_cast<int64_t>(labels.size())), second(first) {
  int64_t relevant = 0;
  double reciprocals = 0;
  for (size_t p = 0; p < labels.size(); ++p) {
    if (labels[p] > 0) {
      ++relevant;
      reciprocals += 1 / static_cast<double>(p + 1);
      if (relevant == 1) first = static_cast<int64_t>(p);
      if (relevant == 2) second = static_cast<int64_t>(p);
    }
    relevant_until.push_back(relevant);
    reciprocals_until.push_back(reciprocals);
  }
}

const LambdaScheme& find_lambda_scheme(std::string_view name) {
  static const NamedTable<LambdaScheme> table = {
      {"NoWeighting", {.weight = no_weighting, .all_pairs = false}},
      {"NDCGLoss1", {.weight = ndcg_loss1, .all_pairs = true}},
      {"NDCGLoss2", {.weight = ndcg_loss2, .all_pairs = false}},
      {"NDCGLoss2PP", {.weight = ndcg_loss2_pp, .all_pairs = false}},
      {"LambdaRank", {.weight = lambda_rank, .all_pairs = false}},
      {"MRR", {.weight = mrr_change, .all_pairs = false}},
      {"MAP", {.weight = map_change, .all_pairs = false}},
  };
  return find_named("weighting scheme", name, table);
}

}  // namespace lambdaforge::losses
