#include "trainer/optimizer.h"

#include <fmt/format.h>

#include <unordered_map>

namespace lambdaforge::trainer {
namespace {

bool decays(const std::string& name) {
  return !name.ends_with(".bias") && name.find("LayerNorm") == std::string::npos;
}

}  // namespace

AdamW::AdamW(const std::vector<models::Parameter>& parameters, const TrainingConfig& config)
    : beta1_(config.adam_beta1), beta2_(config.adam_beta2), epsilon_(config.adam_epsilon) {
  groups_.resize(2);
  groups_[0].weight_decay = config.weight_decay;
  for (const models::Parameter& parameter : parameters) {
    const std::string& name = parameter.names.front();
    Group& group = groups_[decays(name) ? 0 : 1];
    group.names.push_back(name);
    group.parameters.push_back(parameter.tensor);
    group.first_moments.push_back(at::zeros_like(parameter.tensor));
    group.second_moments.push_back(at::zeros_like(parameter.tensor));
    group.steps.push_back(at::zeros({}, parameter.tensor.options().requires_grad(false)));
  }
}

void AdamW::step(double learning_rate, double gradient_divisor) {
  at::NoGradGuard no_grad;
  for (Group& group : groups_) {
    if (group.parameters.empty()) continue;
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : group.parameters) gradients.push_back(parameter.grad());
    const at::Tensor divisor = at::full({}, gradient_divisor, group.steps.front().options());
    at::_foreach_add_(group.steps, 1);
    at::_fused_adamw_(group.parameters, gradients, group.first_moments, group.second_moments,
                      /*max_exp_avg_sqs=*/{}, group.steps, learning_rate, beta1_, beta2_,
                      group.weight_decay, epsilon_,
                      /*amsgrad=*/false, /*maximize=*/false, divisor, /*found_inf=*/std::nullopt);
  }
}

models::NamedTensors AdamW::state() const {
  models::NamedTensors state;
  for (const Group& group : groups_)
    for (size_t i = 0; i < group.names.size(); ++i) {
      state.emplace_back("exp_avg." + group.names[i], group.first_moments[i]);
      state.emplace_back("exp_avg_sq." + group.names[i], group.second_moments[i]);
    }
  state.emplace_back("step", groups_.back().steps.front());
  return state;
}

void AdamW::load_state(const models::NamedTensors& state) {
  const std::unordered_map<std::string, at::Tensor> by_name(state.begin(), state.end());
  const auto copy = [&](const std::string& name, at::Tensor& into) {
    const auto found = by_name.find(name);
    if (found == by_name.end() || found->second.sizes() != into.sizes())
      throw std::invalid_argument(
          fmt::format("the optimizer state {} '{}'",
                      found == by_name.end() ? "lacks" : "has another shape for", name));
    into.copy_(found->second);
  };
  for (Group& group : groups_)
    for (size_t i = 0; i < group.names.size(); ++i) {
      copy("exp_avg." + group.names[i], group.first_moments[i]);
      copy("exp_avg_sq." + group.names[i], group.second_moments[i]);
      copy("step", group.steps[i]);
    }
}

}  // namespace lambdaforge::trainer
