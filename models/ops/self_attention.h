// Self-attention inside each pair of a packed batch: no mask, no padding, cost by the square of
// each pair's own length.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"
#include "models/ops/weights.h"

namespace lambdaforge::models {

// Which tokens look at their pair: all of them, or only the first one of each ([CLS]), which is all
// that a last layer is asked for.
enum class Queries { kEveryToken, kFirstTokens };

struct SelfAttentionOptions {
  int64_t num_heads = 1;
  Queries queries = Queries::kEveryToken;
  DropoutSite dropout;  // of the probabilities
};

// hidden [tokens, hidden], qkv [3 * hidden, hidden]: query, key and value one below the other,
// heads side by side in each -> context [queries, hidden]. softmax(q k^T / sqrt(head_size)) times v
// (Vaswani et al. 2017, eq. 1). Differentiable. Probabilities are recomputed in the backward pass:
// kept, they would cost heads * length^2 a pair.
at::Tensor self_attention(const at::Tensor& hidden, const Linear& qkv, const PackingPtr& packing,
                          const SelfAttentionOptions& options);

// The same by tensor operations and autograd, on any device: what runs on a GPU, and what the tests
// compare with.
at::Tensor self_attention_anywhere(const at::Tensor& hidden, const Linear& qkv,
                                   const Packing& packing, const SelfAttentionOptions& options);

// [pairs] where the first token of each pair stands.
at::Tensor first_rows(const Packing& packing, at::Device device);

}  // namespace lambdaforge::models
