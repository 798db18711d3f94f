// LambdaLoss: pairwise logistic losses, each weighted by what the pair means for NDCG.
// Wang et al. 2018, "The LambdaLoss Framework for Ranking Metric Optimization".
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// sum   = - sum over the selected pairs (i, j) of the log-likelihood that i stands above j
// count = number of selected pairs of the batch
// A pair is selected when label i > label j (NDCGLoss1: always) and the rule of k holds for the
// positions i and j of the two documents by score.
//
// semantics "paper", as in sentence-transformers 6.2:
//   term w_ij log sigmoid(sigma (s_i - s_j)); k keeps pairs with i <= k or j <= k (eq. 18).
// semantics "legacy", as in sentence-transformers up to 6.1 and allRank:
//   term log max(max(sigmoid(sigma (s_i - s_j)), eps)^w_ij, eps), without a gradient below eps;
//   k keeps pairs with i <= k and j <= k. (With no selected pair their loss is NaN; here it is 0.)
//
// Reads weighting_scheme, mu, k, sigma, eps, gain, reduction_log and semantics.
// Throws std::invalid_argument on an unknown name, k < 1, mu < 0, sigma <= 0 or eps <= 0.
Loss build_lambda_loss(const LossOptions& options);

// LambdaLoss with every weight 1. Reads k, sigma, eps, reduction_log and semantics.
// Burges et al. 2005, "Learning to Rank using Gradient Descent".
Loss build_rank_net_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
