// The CPU kernels behind self_attention: float32, contiguous, a block of pairs at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/self_attention.h"

namespace lambdaforge::models {

// What the forward pass leaves to the backward pass.
struct AttentionActivations {
  at::Tensor query;      // [queries, hidden]
  at::Tensor key_value;  // [tokens, 2 * hidden]
  at::Tensor log_sums;   // [queries, heads] log of the softmax' denominators, pair by pair
};

// -> context [queries, hidden]. `activations` may be nullptr: nothing is kept.
at::Tensor self_attention_forward(const at::Tensor& hidden, const Linear& qkv,
                                  const Packing& packing, const SelfAttentionOptions& options,
                                  AttentionActivations* activations);

struct AttentionGradients {
  at::Tensor hidden, weight, bias;
};

AttentionGradients self_attention_backward(const at::Tensor& context_gradient,
                                           const at::Tensor& hidden, const Linear& qkv,
                                           const AttentionActivations& activations,
                                           const Packing& packing,
                                           const SelfAttentionOptions& options);

}  // namespace lambdaforge::models
