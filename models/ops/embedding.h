// From token ids to the first hidden rows.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"
#include "models/ops/weights.h"
#include "models/token_batch.h"

namespace lambdaforge::models {

struct EmbeddingWeights {
  at::Tensor words, positions, types;  // [rows, hidden]
  LayerNorm norm;
};

// dropout(norm(words[id] + types[type] + positions[position])) -> hidden [tokens, hidden].
// Differentiable. The gradient of `words` is sparse: most of a vocabulary is in no batch.
at::Tensor embed(const TokenBatch& batch, const EmbeddingWeights& weights,
                 const PackingPtr& packing, const DropoutSite& dropout);

// The same by tensor operations and autograd, on any device: what runs on a GPU, and what the tests
// compare with.
at::Tensor embed_anywhere(const TokenBatch& batch, const EmbeddingWeights& weights,
                          const Packing& packing, const DropoutSite& dropout);

}  // namespace lambdaforge::models
