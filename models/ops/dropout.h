// Dropout over packed rows with masks that a counter decides (see DropoutSite).
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"

namespace lambdaforge::models {

// x [rows, width] -> x with elements zeroed with the site's probability and the rest scaled by 1 /
// (1 - probability). Rows are those of `packing`; differentiable; the mask is recomputed in the
// backward pass instead of kept.
at::Tensor dropout(const at::Tensor& x, const PackingPtr& packing, const DropoutSite& site);

// The multipliers (0 or 1 / (1 - probability)) of the first `count` elements of one pair.
void fill_dropout_multipliers(const DropoutSite& site, uint32_t pair_key, float* multipliers,
                              int64_t count);

// The same numbers as [count] on any device, by tensor operations.
at::Tensor dropout_multipliers(const DropoutSite& site, uint32_t pair_key, int64_t count,
                               at::Device device);

}  // namespace lambdaforge::models
