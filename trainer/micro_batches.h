// Batches in pieces of bounded size, so that memory does not grow with the lists.
#pragma once

#include <cstdint>
#include <vector>

#include "models/cross_encoder.h"

namespace lambdaforge::trainer {

// Where pieces of at most max_tokens (or one pair) begin, as pairs; ends with the number of pairs.
std::vector<int64_t> split_pairs(const models::TokenBatch& batch, int64_t max_tokens);

// The pairs [first, last).
models::TokenBatch slice_pairs(const models::TokenBatch& batch, int64_t first, int64_t last);

// Scores [pairs], or [pairs, labels], without a graph, at most max_tokens (or one pair) at a time.
// `key` is nullptr for evaluation, else dropout is on. `batch` must hold a pair.
at::Tensor score_in_pieces(const models::CrossEncoder& model, const models::TokenBatch& batch,
                           const models::DropoutKey* key, int64_t max_tokens);

}  // namespace lambdaforge::trainer
