// Self-attention inside each pair of a packed batch: no mask, no padding, cost by the square of
// each pair's own length.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"

namespace lambdaforge::models {

// qkv [tokens, 3 * hidden]: query, key and value side by side, heads side by side in each ->
// context [tokens, hidden]. softmax(q k^T / sqrt(head_size)) with the site's dropout on the
// probabilities, times v (Vaswani et al. 2017, eq. 1). Differentiable. Probabilities are recomputed
// in the backward pass: kept, they would cost heads * length^2 a pair.
at::Tensor packed_attention(const at::Tensor& qkv, const PackingPtr& packing, int64_t num_heads,
                            const DropoutSite& site);

// The same by tensor operations and autograd, on any device: what runs on a GPU, and what the tests
// compare with.
at::Tensor packed_attention_anywhere(const at::Tensor& qkv, const Packing& packing,
                                     int64_t num_heads, const DropoutSite& site);

}  // namespace lambdaforge::models
