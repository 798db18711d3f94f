// Learning from the other lists' documents: the lists of a batch hold more than their own.
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// The first document of a list is the positive, whatever the labels; every other one is a negative,
// most of them documents of other queries that share the batch (the caller adds num_negatives of
// them to each list; see LossNeeds).
// sum   = - sum over lists of log softmax(scale * score)[first document]
// count = number of lists
// van den Oord et al. 2018 (InfoNCE), Henderson et al. 2017; sentence-transformers'
// MultipleNegativesRankingLoss. Reads scale and num_negatives; throws std::invalid_argument unless
// scale is above 0 and num_negatives at least -1.
Loss build_multiple_negatives_ranking_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
