// Losses on the pairs of documents (i, j) of a list with label i > label j, all alike.
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// sum = sum of max(0, 1 - (s_i - s_j)), count = number of pairs
// Joachims 2002, "Optimizing Search Engines using Clickthrough Data".
Loss build_pairwise_hinge_loss(const LossOptions& options);

// sum = - sum of ln sigmoid(s_i - s_j), count = number of pairs
// Burges et al. 2005; RankNetLoss with the natural logarithm, under TensorFlow Ranking's name.
Loss build_pairwise_logistic_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
