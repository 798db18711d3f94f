// The CPU kernels behind embed: float32, contiguous.
#pragma once

#include "models/ops/embedding.h"

namespace lambdaforge::models {

// What the forward pass leaves to the backward pass.
struct EmbeddingActivations {
  std::vector<int32_t> ids, type_ids, positions;  // [tokens]
  at::Tensor normalized;                          // [tokens, hidden]
  at::Tensor inverse_deviation;                   // [tokens]
};

// -> hidden [tokens, hidden]. `activations` may be nullptr: nothing is kept.
at::Tensor embed_forward(const TokenBatch& batch, const EmbeddingWeights& weights,
                         const Packing& packing, const DropoutSite& dropout,
                         EmbeddingActivations* activations);

struct EmbeddingGradients {
  at::Tensor words;  // sparse, its rows in ascending order of id
  at::Tensor positions, types, norm_weight, norm_bias;
};

EmbeddingGradients embed_backward(const at::Tensor& gradient, const EmbeddingWeights& weights,
                                  const EmbeddingActivations& activations, const Packing& packing,
                                  const DropoutSite& dropout);

}  // namespace lambdaforge::models
