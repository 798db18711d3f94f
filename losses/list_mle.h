// ListMLE: the likelihood of the right order under the Plackett-Luce model.
// Xia et al. 2008, "Listwise Approach to Learning to Rank"; with a weight for each position: Lan et
// al. 2014, "Position-Aware ListMLE".
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// For the documents in their right order, r = 1 .. n:
// sum   = - sum over lists of sum_r w_r (s_r - log(e^s_r + ... + e^s_n))
// count = number of lists
// The right order is the one of the input, best first, or with respect_input_order = false that of
// the labels (equal labels in the order of the input).
// ListMLELoss: w_r = 1. PListMLELoss: w_r = (2^(n-r) - 1) / (the sum of these + 1e-10); lists of
// one document add 0.
Loss build_list_mle_loss(const LossOptions& options);
Loss build_plist_mle_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
