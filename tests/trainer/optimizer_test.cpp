#include "trainer/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lambdaforge::trainer {
namespace {

std::vector<models::Parameter> parameters() {
  return {{{"layer.weight"}, at::full({3}, 2.0).set_requires_grad(true)},
          {{"layer.bias"}, at::full({2}, 1.0).set_requires_grad(true)},
          {{"LayerNorm.weight"}, at::full({2}, 1.0).set_requires_grad(true)}};
}

void set_gradients(const std::vector<models::Parameter>& parameters, double value) {
  for (at::Tensor tensor : {parameters[0].tensor, parameters[1].tensor, parameters[2].tensor})
    tensor.mutable_grad() = at::full_like(tensor, value).detach();
}

TrainingConfig config_with_decay(double weight_decay) {
  TrainingConfig config;
  config.weight_decay = weight_decay;
  return config;
}

// After one step both bias corrections cancel the decay rates: the update is g / (|g| + eps).
TEST(AdamW, FirstStepFollowsTheFormula) {
  const auto weights = parameters();
  AdamW optimizer(weights, config_with_decay(0.1));
  set_gradients(weights, 6.0);
  optimizer.step(0.01, /*gradient_divisor=*/2.0);
  const double update = 0.01 * 3.0 / (3.0 + 1e-8);
  EXPECT_NEAR(weights[0].tensor[0].item<float>(), 2.0 * (1 - 0.01 * 0.1) - update, 1e-6);
  EXPECT_NEAR(weights[1].tensor[0].item<float>(), 1.0 - update, 1e-6);  // biases do not decay
  EXPECT_NEAR(weights[2].tensor[0].item<float>(), 1.0 - update, 1e-6);  // nor does LayerNorm
}

TEST(AdamW, GoesOnFromItsStateWithTheSameBits) {
  const auto straight = parameters(), resumed = parameters();
  AdamW one(straight, config_with_decay(0.01)), first_half(resumed, config_with_decay(0.01));
  for (double gradient : {1.0, -2.0}) {
    set_gradients(straight, gradient), one.step(0.01, 1);
    set_gradients(resumed, gradient), first_half.step(0.01, 1);
  }
  AdamW second_half(resumed, config_with_decay(0.01));
  second_half.load_state(first_half.state());
  set_gradients(straight, 0.5), one.step(0.01, 1);
  set_gradients(resumed, 0.5), second_half.step(0.01, 1);
  for (size_t i = 0; i < straight.size(); ++i)
    EXPECT_TRUE(straight[i].tensor.equal(resumed[i].tensor)) << straight[i].names.front();
}

TEST(AdamW, RefusesTheStateOfAnotherModel) {
  AdamW optimizer(parameters(), {});
  models::NamedTensors state = optimizer.state();
  state.erase(state.begin());
  EXPECT_THROW(optimizer.load_state(state), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::trainer
