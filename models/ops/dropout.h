// Dropout over packed rows with masks that a counter decides (see DropoutSite).
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"

namespace lambdaforge::models {

// x [rows, width] -> x with elements zeroed with the site's probability and the rest scaled by 1 /
// (1 - probability). Rows are those of `packing`; differentiable.
at::Tensor dropout(const at::Tensor& x, const Packing& packing, const DropoutSite& site);

// Draws the multipliers of one row after the other of a packed [rows, width] tensor.
class RowDropout {
 public:
  // Starts at `first_row`. `buffer` holds dropout_buffer_size(width) floats.
  RowDropout(const Packing& packing, const DropoutSite& site, int64_t width, int64_t first_row,
             float* buffer);

  // [width] of the next row, valid until the next call; nullptr when the site drops nothing.
  const float* next();

 private:
  const Packing& packing_;
  DropoutSite site_;
  int64_t width_, row_;
  int64_t pair_;
  float* buffer_;
};

}  // namespace lambdaforge::models
