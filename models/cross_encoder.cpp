#include "models/cross_encoder.h"

#include "models/ops/dropout.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kPooledSite = 0;

}  // namespace

CrossEncoder::CrossEncoder(const CrossEncoderConfig& config)
    : config_(config),
      bert_(config.bert),
      pooler_(make_linear(config.bert.hidden_size, config.bert.hidden_size,
                          config.bert.initializer_range)),
      classifier_(
          make_linear(config.bert.hidden_size, config.num_labels, config.bert.initializer_range)) {}

at::Tensor CrossEncoder::operator()(const TokenBatch& batch, const DropoutKey* key) const {
  const auto packing =
      std::make_shared<const Packing>(Packing{batch.pair_offsets, batch.pair_keys});
  const at::Tensor first_tokens = bert_(batch, packing, key);  // [pairs, hidden]
  const at::Tensor pooled = at::tanh(pooler_(first_tokens));   // [pairs, hidden]
  return classifier_(dropout(
      pooled, *one_row_a_pair(*packing),
      dropout_site(key, config_.bert.num_hidden_layers, kPooledSite, config_.head_dropout())));
}

std::vector<Parameter> CrossEncoder::parameters() const {
  std::vector<Parameter> parameters = bert_.parameters();
  for (Parameter& parameter : parameters)
    for (std::string& name : parameter.names) name = "bert." + name;
  parameters.push_back({{"bert.pooler.dense.weight"}, pooler_.weight});
  parameters.push_back({{"bert.pooler.dense.bias"}, pooler_.bias});
  parameters.push_back({{"classifier.weight"}, classifier_.weight});
  parameters.push_back({{"classifier.bias"}, classifier_.bias});
  return parameters;
}

void CrossEncoder::to(at::Device device) {
  for (const Parameter& parameter : parameters()) {
    at::Tensor tensor = parameter.tensor;
    tensor.set_data(tensor.to(device));
  }
}

}  // namespace lambdaforge::models
