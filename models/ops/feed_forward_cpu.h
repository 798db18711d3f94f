// The CPU kernels behind feed_forward: float32, contiguous, a block of rows at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/ops/feed_forward.h"

namespace lambdaforge::models {

// What the forward pass leaves to the backward pass.
struct FeedForwardActivations {
  at::Tensor attended_normalized, normalized;                // [rows, hidden]
  at::Tensor attended_inverse_deviation, inverse_deviation;  // [rows]
  at::Tensor expanded;                                       // [rows, intermediate] before GELU
};

// -> hidden [rows, hidden]. `activations` may be nullptr: nothing is kept.
at::Tensor feed_forward_forward(const at::Tensor& context, const at::Tensor& residual,
                                const FeedForwardWeights& weights, const Packing& packing,
                                const FeedForwardDropout& dropout,
                                FeedForwardActivations* activations);

struct FeedForwardGradients {
  at::Tensor context, residual;
  std::vector<at::Tensor> weights;  // in the order of flatten()
};

FeedForwardGradients feed_forward_backward(const at::Tensor& gradient, const at::Tensor& context,
                                           const FeedForwardWeights& weights,
                                           const FeedForwardActivations& activations,
                                           const Packing& packing,
                                           const FeedForwardDropout& dropout);

// Weight and bias of every piece, in the order of the struct, and back.
std::vector<at::Tensor> flatten(const FeedForwardWeights& weights);
FeedForwardWeights unflatten(const std::vector<at::Tensor>& tensors, double attention_norm_eps,
                             double output_norm_eps);

}  // namespace lambdaforge::models
