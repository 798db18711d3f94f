// Two token lists into one packed pair of bounded length.
#pragma once

#include <cstdint>
#include <span>

#include "models/token_batch.h"

namespace lambdaforge::models {

struct PairLengths {
  int64_t query;
  int64_t document;

  bool operator==(const PairLengths&) const = default;
};

// Hugging Face's longest_first: what is left of each text when both may hold `budget` tokens
// together. The longer one shrinks first; when both must, the longer keeps the odd token (at equal
// lengths, the document).
PairLengths longest_first(PairLengths lengths, int64_t budget);

// Appends [CLS] query [SEP] document [SEP] of at most `max_length` (>= 3) tokens.
void append_packed_pair(std::span<const int32_t> query, std::span<const int32_t> document,
                        int32_t cls_id, int32_t sep_id, int64_t max_length, TokenBatch& batch);

}  // namespace lambdaforge::models
