// NeuralNDCG: the NDCG of a list under a smooth sort of its scores.
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// The smooth sort is a matrix P [rank, document] of which every row says who stands at a rank:
// NeuralSort (Grover et al. 2019), P_r = softmax over j of
//   ((n + 1 - 2 r) s_j - sum_m |s_j - s_m|) / temperature,   r = 1 .. n,
// scaled until rows and columns add up to 1 (Sinkhorn; at most 50 times, to 1e-6).
// sum   = - sum over lists of sum over r <= k of (sum_j P_rj gain_j) / log2(1 + r)
// count = number of lists with a relevant document; gains as in LambdaLoss
// Pobrotyn & Bialobrzeski 2021, "NeuralNDCG", as allRank's deterministic variant computes it. Reads
// temperature, k, eps, gain. Memory of a list of n documents: O(n^2), whatever the number of
// scalings. Throws std::invalid_argument unless temperature, eps and k are above 0.
Loss build_neural_ndcg_loss(const LossOptions& options);

}  // namespace lambdaforge::losses
