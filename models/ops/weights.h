// The two kinds of trained pieces that a transformer is made of.
#pragma once

#include <ATen/core/Tensor.h>

namespace lambdaforge::models {

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
  at::Tensor operator()(const at::Tensor& x) const;
};

struct LayerNorm {
  at::Tensor weight, bias;  // [hidden]
  double eps = 1e-12;
  at::Tensor operator()(const at::Tensor& x) const;
};

}  // namespace lambdaforge::models
