// AdamW (Loshchilov & Hutter 2019) with Hugging Face's two groups: weights decay, biases and
// LayerNorms do not.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/cross_encoder.h"
#include "models/safetensors.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

class AdamW {
 public:
  AdamW(const std::vector<models::Parameter>& parameters, const TrainingConfig& config);

  // One update in one fused pass with gradients divided by `gradient_divisor`.
  void step(double learning_rate, double gradient_divisor);

  // Both moments of every parameter, and the number of steps, under "exp_avg.<name>",
  // "exp_avg_sq.<name>", "step".
  models::NamedTensors state() const;
  // Throws std::invalid_argument when `state` lacks a parameter or has it in another shape.
  void load_state(const models::NamedTensors& state);

 private:
  struct Group {
    double weight_decay = 0;
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters, first_moments, second_moments, steps;
  };

  double beta1_, beta2_, epsilon_;
  std::vector<Group> groups_;
};

}  // namespace lambdaforge::trainer
