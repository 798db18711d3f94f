#include "models/bert.h"

#include <fmt/format.h>

#include "models/ops/attention.h"
#include "models/ops/dropout.h"

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

// [tokens] int64 indices on the device of the weights; the batch stays on the host.
at::Tensor indices(const std::vector<int32_t>& values, const at::Tensor& weights) {
  return at::tensor(values, at::kInt).to(weights.device());
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

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

Linear make_linear(int64_t in, int64_t out, double deviation) {
  return {at::normal(0.0, deviation, {out, in}).set_requires_grad(true),
          at::zeros({out}).set_requires_grad(true)};
}

DropoutSite dropout_site(const DropoutKey* key, int64_t layer, int64_t site, double probability) {
  if (!key) return {};
  return {*key, static_cast<uint32_t>(layer), static_cast<uint32_t>(site), probability};
}

Bert::Bert(const BertConfig& config)
    : config_(config),
      word_embeddings_(
          make_embeddings(config.vocab_size, config.hidden_size, config.initializer_range)),
      position_embeddings_(make_embeddings(config.max_position_embeddings, config.hidden_size,
                                           config.initializer_range)),
      type_embeddings_(
          make_embeddings(config.type_vocab_size, config.hidden_size, config.initializer_range)),
      embedding_norm_(make_layer_norm(config.hidden_size, config.layer_norm_eps)) {
  const int64_t hidden = config.hidden_size;
  const double deviation = config.initializer_range;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back({make_linear(hidden, 3 * hidden, deviation),
                       make_linear(hidden, hidden, deviation),
                       make_layer_norm(hidden, config.layer_norm_eps),
                       make_linear(hidden, config.intermediate_size, deviation),
                       make_linear(config.intermediate_size, hidden, deviation),
                       make_layer_norm(hidden, config.layer_norm_eps)});
}

at::Tensor Bert::embed(const TokenBatch& batch, const PackingPtr& packing,
                       const DropoutKey* key) const {
  const at::Tensor words = at::embedding(word_embeddings_, indices(batch.ids, word_embeddings_));
  const at::Tensor types =
      at::embedding(type_embeddings_, indices(batch.type_ids, word_embeddings_));
  const at::Tensor positions =
      at::embedding(position_embeddings_, indices(batch.positions, word_embeddings_));
  return dropout(embedding_norm_(words + types + positions), packing,
                 dropout_site(key, 0, kEmbeddings, config_.hidden_dropout_prob));
}

at::Tensor Bert::operator()(const TokenBatch& batch, const PackingPtr& packing,
                            const DropoutKey* key) const {
  at::Tensor hidden = embed(batch, packing, key);  // [tokens, hidden]
  for (int64_t i = 0; i < config_.num_hidden_layers; ++i) {
    const BertLayer& layer = layers_[i];
    const auto site = [&](Site place, double probability) {
      return dropout_site(key, i, place, probability);
    };
    const at::Tensor context =  // [tokens, hidden]
        packed_attention(layer.qkv(hidden), packing, config_.num_attention_heads,
                         site(kProbabilities, config_.attention_probs_dropout_prob));
    const at::Tensor attended =
        layer.attention_norm(hidden + dropout(layer.attention_output(context), packing,
                                              site(kAttentionOutput, config_.hidden_dropout_prob)));
    const at::Tensor expanded = at::gelu(layer.intermediate(attended));  // [tokens, intermediate]
    hidden = layer.output_norm(attended +
                               dropout(layer.output(expanded), packing,
                                       site(kFeedForwardOutput, config_.hidden_dropout_prob)));
  }
  return hidden;
}

std::vector<Parameter> Bert::parameters() const {
  std::vector<Parameter> parameters = {
      {{"embeddings.word_embeddings.weight"}, word_embeddings_},
      {{"embeddings.position_embeddings.weight"}, position_embeddings_},
      {{"embeddings.token_type_embeddings.weight"}, type_embeddings_}};
  add_layer_norm(parameters, "embeddings.LayerNorm", embedding_norm_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    add_linear(parameters,
               {layer + "attention.self.query", layer + "attention.self.key",
                layer + "attention.self.value"},
               layers_[i].qkv);
    add_linear(parameters, {layer + "attention.output.dense"}, layers_[i].attention_output);
    add_layer_norm(parameters, layer + "attention.output.LayerNorm", layers_[i].attention_norm);
    add_linear(parameters, {layer + "intermediate.dense"}, layers_[i].intermediate);
    add_linear(parameters, {layer + "output.dense"}, layers_[i].output);
    add_layer_norm(parameters, layer + "output.LayerNorm", layers_[i].output_norm);
  }
  return parameters;
}

}  // namespace lambdaforge::models
