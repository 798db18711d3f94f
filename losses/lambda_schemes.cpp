#include "losses/lambda_schemes.h"

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

}  // namespace

const LambdaScheme& find_lambda_scheme(std::string_view name) {
  static const NamedTable<LambdaScheme> table = {
      {"NoWeighting", {.weight = no_weighting, .all_pairs = false}},
      {"NDCGLoss1", {.weight = ndcg_loss1, .all_pairs = true}},
      {"NDCGLoss2", {.weight = ndcg_loss2, .all_pairs = false}},
      {"NDCGLoss2PP", {.weight = ndcg_loss2_pp, .all_pairs = false}},
      {"LambdaRank", {.weight = lambda_rank, .all_pairs = false}},
  };
  return find_named("weighting scheme", name, table);
}

}  // namespace lambdaforge::losses
