// The CPU kernels behind packed_attention: float32, contiguous, one task a pair.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/packing.h"

namespace lambdaforge::models {

// qkv [tokens, 3 * hidden] -> context [tokens, hidden]
at::Tensor attention_forward_cpu(const at::Tensor& qkv, const Packing& packing, int64_t num_heads,
                                 const DropoutSite& site);

// d(context) [tokens, hidden] -> d(qkv) [tokens, 3 * hidden]
at::Tensor attention_backward_cpu(const at::Tensor& grad_context, const at::Tensor& qkv,
                                  const Packing& packing, int64_t num_heads,
                                  const DropoutSite& site);

}  // namespace lambdaforge::models
