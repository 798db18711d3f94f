// Computes losses for the parity tests. Each line of the input is a JSON object: the options of the
// loss, "scores" and "labels" (flat), "offsets" of the lists and, for [pairs, classes], "classes".
// Each line of the output is
// {"sum", "count", "loss", "grad"}, the last one with respect to the scores. All in float64.
#include <ATen/ATen.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "losses/registry.h"

namespace {

using lambdaforge::losses::build_loss;
using lambdaforge::losses::LossOptions;
using lambdaforge::losses::LossTerm;
using nlohmann::json;

LossOptions options_of(const json& line) {
  LossOptions options;
  options.name = line.value("name", options.name);
  options.weighting_scheme = line.value("weighting_scheme", options.weighting_scheme);
  options.mu = line.value("mu", options.mu);
  if (line.contains("k") && !line["k"].is_null()) options.k = line["k"].get<int64_t>();
  options.sigma = line.value("sigma", options.sigma);
  options.eps = line.value("eps", options.eps);
  options.reduction_log = line.value("reduction_log", options.reduction_log);
  options.semantics = line.value("semantics", options.semantics);
  options.alpha = line.value("alpha", options.alpha);
  options.respect_input_order = line.value("respect_input_order", options.respect_input_order);
  options.pos_weight = line.value("pos_weight", options.pos_weight);
  options.gain = line.value("gain", options.gain);
  options.temperature = line.value("temperature", options.temperature);
  options.scale = line.value("scale", options.scale);
  options.activation_fn = line.value("activation_fn", options.activation_fn);
  return options;
}

at::Tensor vector_of(const json& values) {
  return at::tensor(values.get<std::vector<double>>(), at::kDouble);
}

json evaluate(const json& line) {
  at::Tensor scores = vector_of(line["scores"]);
  if (line.contains("classes")) scores = scores.reshape({-1, line["classes"].get<int64_t>()});
  scores.requires_grad_();
  const LossTerm term = build_loss(options_of(line))(scores, vector_of(line["labels"]),
                                                     {line["offsets"].get<std::vector<int64_t>>()});
  const at::Tensor loss = term.sum / std::max(term.count, 1.0);
  loss.backward();
  const double* gradient = scores.grad().const_data_ptr<double>();
  return {{"sum", term.sum.item<double>()},
          {"count", term.count},
          {"loss", loss.item<double>()},
          {"grad", std::vector<double>(gradient, gradient + scores.numel())}};
}

}  // namespace

int main() try {
  for (std::string line; std::getline(std::cin, line);)
    std::cout << evaluate(json::parse(line)).dump() << '\n';
} catch (const std::exception& error) {
  std::cerr << "score_losses: " << error.what() << '\n';
  return 1;
}
