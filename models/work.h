// How much arithmetic a batch needs, and how fast this machine does arithmetic of that kind.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "models/cross_encoder.h"

namespace lambdaforge::models {

// Floating-point operations of the matrix products in one forward pass over packed pairs, those of
// attention included; a training step takes three times as many (Kaplan et al. 2020, 2.1). Only
// work whose result is read counts: in the last layer that is [CLS], and there is no padding.
// pair_offsets [pairs + 1] in tokens.
double forward_flops(const CrossEncoderConfig& config, std::span<const int64_t> pair_offsets);

// Floating-point operations a second of plain products of the encoder's own shapes, on all threads
// of this process or on the device: what a training step is measured against. Takes about half a
// second.
double measure_peak_rate(const BertConfig& config, at::Device device);

}  // namespace lambdaforge::models
