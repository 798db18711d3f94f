#include "models/bert.h"

#include <fmt/format.h>

#include "models/ops/self_attention.h"

namespace lambdaforge::models {
namespace {

// Sites of a layer's dropout masks. Their values are part of a run's identity: a resumed run must
// draw the same masks.
enum Site { kProbabilities = 0, kAttentionOutput = 1, kFeedForwardOutput = 2, kEmbeddings = 3 };

at::Tensor make_embeddings(int64_t rows, int64_t width, double deviation) {
  return at::normal(0.0, deviation, {rows, width}).set_requires_grad(true);
}

LayerNorm make_layer_norm(int64_t width, double eps) {
  return {at::ones({width}).set_requires_grad(true), at::zeros({width}).set_requires_grad(true),
          eps};
}

void add_linear(std::vector<Parameter>& parameters, const std::vector<std::string>& names,
                const Linear& linear) {
  for (const auto& [suffix, tensor] :
       {std::pair("weight", linear.weight), std::pair("bias", linear.bias)}) {
    Parameter parameter{{}, tensor};
    for (const std::string& name : names) parameter.names.push_back(name + "." + suffix);
    parameters.push_back(std::move(parameter));
  }
}

void add_layer_norm(std::vector<Parameter>& parameters, const std::string& name,
                    const LayerNorm& norm) {
  parameters.push_back({{name + ".weight"}, norm.weight});
  parameters.push_back({{name + ".bias"}, norm.bias});
}

}  // namespace

Linear make_linear(int64_t in, int64_t out, double deviation) {
  return {at::normal(0.0, deviation, {out, in}).set_requires_grad(true),
          at::zeros({out}).set_requires_grad(true)};
}

DropoutSite dropout_site(const DropoutKey* key, int64_t layer, int64_t site, double probability) {
  if (!key) return {};
  return {*key, static_cast<uint32_t>(layer), static_cast<uint32_t>(site), probability};
}

PackingPtr one_row_a_pair(const Packing& packing) {
  auto rows = std::make_shared<Packing>();
  rows->pair_keys = packing.pair_keys;
  for (int64_t pair = 0; pair <= packing.num_pairs(); ++pair) rows->pair_offsets.push_back(pair);
  return rows;
}

Bert::Bert(const BertConfig& config)
    : config_(config),
      embeddings_{
          make_embeddings(config.vocab_size, config.hidden_size, config.initializer_range),
          make_embeddings(config.max_position_embeddings, config.hidden_size,
                          config.initializer_range),
          make_embeddings(config.type_vocab_size, config.hidden_size, config.initializer_range),
          make_layer_norm(config.hidden_size, config.layer_norm_eps)} {
  const int64_t hidden = config.hidden_size, intermediate = config.intermediate_size;
  const double deviation = config.initializer_range;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(
        {make_linear(hidden, 3 * hidden, deviation),
         {make_linear(hidden, hidden, deviation), make_layer_norm(hidden, config.layer_norm_eps),
          make_linear(hidden, intermediate, deviation),
          make_linear(intermediate, hidden, deviation),
          make_layer_norm(hidden, config.layer_norm_eps)}});
}

at::Tensor Bert::operator()(const TokenBatch& batch, const PackingPtr& packing,
                            const DropoutKey* key) const {
  const auto site = [&](int64_t layer, Site place, double probability) {
    return dropout_site(key, layer, place, probability);
  };
  const double probability = config_.hidden_dropout_prob;
  at::Tensor hidden =  // [tokens, hidden]
      embed(batch, embeddings_, packing, site(0, kEmbeddings, probability));
  PackingPtr rows = packing;
  for (int64_t i = 0; i < config_.num_hidden_layers; ++i) {
    // Only the first token of each pair leaves the last layer, so the others are not computed.
    const bool is_last = i + 1 == config_.num_hidden_layers;
    const at::Tensor context = self_attention(  // [rows, hidden]
        hidden, layers_[i].qkv, packing,
        {config_.num_attention_heads, is_last ? Queries::kFirstTokens : Queries::kEveryToken,
         site(i, kProbabilities, config_.attention_probs_dropout_prob)});
    if (is_last) {
      hidden = hidden.index_select(0, first_rows(*packing, hidden.device()));  // [pairs, hidden]
      rows = one_row_a_pair(*packing);
    }
    hidden = feed_forward(
        context, hidden, layers_[i].rest, rows,
        {site(i, kAttentionOutput, probability), site(i, kFeedForwardOutput, probability)});
  }
  return hidden;
}

std::vector<Parameter> Bert::parameters() const {
  std::vector<Parameter> parameters = {
      {{"embeddings.word_embeddings.weight"}, embeddings_.words},
      {{"embeddings.position_embeddings.weight"}, embeddings_.positions},
      {{"embeddings.token_type_embeddings.weight"}, embeddings_.types}};
  add_layer_norm(parameters, "embeddings.LayerNorm", embeddings_.norm);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    add_linear(parameters,
               {layer + "attention.self.query", layer + "attention.self.key",
                layer + "attention.self.value"},
               layers_[i].qkv);
    add_linear(parameters, {layer + "attention.output.dense"}, layers_[i].rest.attention_output);
    add_layer_norm(parameters, layer + "attention.output.LayerNorm",
                   layers_[i].rest.attention_norm);
    add_linear(parameters, {layer + "intermediate.dense"}, layers_[i].rest.intermediate);
    add_linear(parameters, {layer + "output.dense"}, layers_[i].rest.output);
    add_layer_norm(parameters, layer + "output.LayerNorm", layers_[i].rest.output_norm);
  }
  return parameters;
}

}  // namespace lambdaforge::models
