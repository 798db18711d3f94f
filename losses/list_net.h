// ListNet: the softmax of the scores against the softmax of the labels.
// Cao et al. 2007, "Learning to Rank: From Pairwise Approach to Listwise Approach".
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// sum   = - sum over lists of sum_i softmax(labels)_i log softmax(scores)_i
// count = number of lists
// All-equal labels ask for equal scores. Reads no option.
Loss build_list_net_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
