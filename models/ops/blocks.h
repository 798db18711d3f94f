// A packed batch cut into blocks of rows: a thread takes a block through all of an op, so that what
// one product writes is still in the cache when the next one reads it.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "models/ops/packing.h"

namespace lambdaforge::models {

// Large enough for products at full rate, small enough for the cache.
inline constexpr int64_t kBlockRows = 512;

// As many blocks for every thread, so that none waits for another.
inline int64_t num_blocks(int64_t rows) {
  const int64_t threads = at::get_num_threads();
  const int64_t per_thread = (rows + kBlockRows * threads - 1) / (kBlockRows * threads);
  return per_thread * threads;
}

// body(begin, end) for blocks of rows, on all threads.
template <typename Body>
void for_each_row_block(int64_t rows, const Body& body) {
  const int64_t blocks = num_blocks(rows);
  at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t begin = rows * block / blocks, end = rows * (block + 1) / blocks;
      if (begin < end) body(begin, end);
    }
  });
}

// body(first_pair, last_pair) for blocks of whole pairs with about as many rows, on all threads.
template <typename Body>
void for_each_pair_block(const Packing& packing, const Body& body) {
  const auto& offsets = packing.pair_offsets;
  const int64_t rows = offsets.back(), blocks = num_blocks(rows);
  const auto boundary = [&](int64_t block) {
    return std::lower_bound(offsets.begin(), offsets.end(), rows * block / blocks) -
           offsets.begin();
  };
  at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t begin = boundary(block), end = boundary(block + 1);
      if (begin < end) body(begin, end);
    }
  });
}

}  // namespace lambdaforge::models
