// Losses on ranks that are made smooth: a document's rank is 1 plus, for every other document, the
// probability that it stands above (Qin et al. 2010, "A General Approximation Framework").
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// With rank_i = 1 + sum over j != i of sigmoid(alpha (s_j - s_i)) and target_i the rank by label,
// equal labels sharing the mean of their ranks:
// sum   = sum of (target_i - rank_i)^2 / log2(1 + target_i)
// count = number of documents
// Schlatt et al. 2025, "Rank-DistiLLM". Reads alpha. Throws std::invalid_argument unless alpha > 0.
Loss build_adr_mse_loss(const LossOptions& options);

// sum   = - sum over lists of sum_i gain_i / log2(1 + rank_i), gains as in LambdaLoss, with k none
// count = number of lists
// Qin et al. 2010, as allRank computes it. Reads alpha, eps and gain; throws unless the first two
// are above 0.
Loss build_approx_ndcg_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
