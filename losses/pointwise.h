// Losses that look at one document at a time.
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// sum   = - sum of pos_weight * label * log sigmoid(score) + (1 - label) * log sigmoid(-score)
// count = number of documents
// torch.nn.BCEWithLogitsLoss. Reads pos_weight; throws std::invalid_argument unless it is above 0.
Loss build_binary_cross_entropy_loss(const LossOptions& options);

// sum   = sum of (score - label)^2
// count = number of documents
Loss build_mse_loss(const LossOptions& options);

// For a model with several labels: scores [pairs, classes], and a pair's label is its class.
// sum   = - sum of log softmax(scores of the pair)[label]
// count = number of documents
// torch.nn.CrossEntropyLoss. The loss throws std::invalid_argument on a label that is no class.
Loss build_cross_entropy_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
