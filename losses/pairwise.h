// Losses on the differences of scores within a list. The first two take the pairs of documents
// (i, j) with label i > label j, all alike.
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

// The first document against each other one, i: its score is to lie above theirs by as much as the
// teacher's scores, the labels, do.
// sum = sum of ((s_1 - s_i) - (label_1 - label_i))^2, count = number of documents but the first
// ones Hofstatter et al. 2021, "Improving Efficient Neural Ranking Models with Cross-Architecture
// Knowledge Distillation".
Loss build_margin_mse_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
