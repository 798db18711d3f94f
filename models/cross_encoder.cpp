#include "models/cross_encoder.h"

#include "models/ops/dropout.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kPooledSite = 0;

// The pooled row of a pair counts as one row: its dropout is keyed like every other site's.
PackingPtr one_row_a_pair(const TokenBatch& batch) {
  auto packing = std::make_shared<Packing>();
  packing->pair_keys = batch.pair_keys;
  for (int64_t pair = 0; pair <= batch.num_pairs(); ++pair) packing->pair_offsets.push_back(pair);
  return packing;
}

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
  const at::Tensor hidden = bert_(batch, packing, key);  // [tokens, hidden]
  const at::Tensor first_rows =                          // [pairs], where each [CLS] stands
      at::tensor(batch.pair_offsets, at::kLong).narrow(0, 0, batch.num_pairs()).to(hidden.device());
  const at::Tensor pooled =
      at::tanh(pooler_(hidden.index_select(0, first_rows)));  // [pairs, hidden]
  return classifier_(dropout(
      pooled, one_row_a_pair(batch),
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
