// Which elements a dropout site drops, drawn from counters: any part of a mask, at any time, alike.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"

namespace lambdaforge::models {

// Elements [first, first + count) of a pair's mask: 0, or 1 / (1 - probability), with the
// probability rounded to 1/65536. The result points into `buffer`, which holds
// dropout_buffer_size(count) floats.
const float* draw_dropout(const DropoutSite& site, uint32_t pair_key, int64_t first, int64_t count,
                          float* buffer);

// A mask is drawn 128 elements at a time.
constexpr int64_t kDropoutGroup = 128;
constexpr int64_t dropout_buffer_size(int64_t count) {
  return count + 2 * kDropoutGroup;
}

// Elements [0, count) as [count] on any device, by tensor operations.
at::Tensor dropout_multipliers(const DropoutSite& site, uint32_t pair_key, int64_t count,
                               at::Device device);

}  // namespace lambdaforge::models
