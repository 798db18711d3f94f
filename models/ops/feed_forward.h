// What follows self-attention in a transformer layer (Vaswani et al. 2017, as BERT orders it).
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"
#include "models/ops/weights.h"

namespace lambdaforge::models {

struct FeedForwardWeights {
  Linear attention_output;  // [hidden, hidden]
  LayerNorm attention_norm;
  Linear intermediate;  // [intermediate, hidden]
  Linear output;        // [hidden, intermediate]
  LayerNorm output_norm;
};

struct FeedForwardDropout {
  DropoutSite attention_output, output;
};

// context, residual [rows, hidden] -> hidden [rows, hidden]:
//   attended = attention_norm(residual + dropout(attention_output(context)))
//   hidden   = output_norm(attended + dropout(output(gelu(intermediate(attended)))))
// Rows are those of `packing`. Differentiable.
at::Tensor feed_forward(const at::Tensor& context, const at::Tensor& residual,
                        const FeedForwardWeights& weights, const PackingPtr& packing,
                        const FeedForwardDropout& dropout);

// The same by tensor operations and autograd, on any device: what runs on a GPU, and what the tests
// compare with.
at::Tensor feed_forward_anywhere(const at::Tensor& context, const at::Tensor& residual,
                                 const FeedForwardWeights& weights, const Packing& packing,
                                 const FeedForwardDropout& dropout);

}  // namespace lambdaforge::models
