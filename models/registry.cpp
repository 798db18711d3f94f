#include "models/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/suggestion.h"

namespace lambdaforge::models {
namespace {

using nlohmann::json;

int64_t positive(const json& config, const char* key, int64_t fallback) {
  const int64_t value = config.value(key, fallback);
  if (value < 1)
    throw std::invalid_argument(fmt::format("'{}' is {}, expected at least 1", key, value));
  return value;
}

double probability(const json& config, const char* key, double fallback) {
  const auto found = config.find(key);
  const double value = found == config.end() || found->is_null() ? fallback : found->get<double>();
  if (!(value >= 0 && value < 1))
    throw std::invalid_argument(
        fmt::format("'{}' is {}, expected a probability below 1", key, value));
  return value;
}

void expect_value(const json& config, const char* key, const std::string& expected) {
  const std::string value = config.value(key, expected);
  if (value != expected)
    throw std::invalid_argument(
        fmt::format("'{}' is '{}'; only '{}' is supported", key, value, expected));
}

// config.json stores the labels' names, and not even those when there are two, the default of a
// classifier. An encoder without a classifier will be given one with a single label.
int64_t count_labels(const json& config) {
  if (config.contains("num_labels")) return positive(config, "num_labels", 1);
  if (config.contains("id2label")) return static_cast<int64_t>(config.at("id2label").size());
  const auto architectures = config.value("architectures", std::vector<std::string>());
  const bool is_classifier = std::any_of(
      architectures.begin(), architectures.end(),
      [](const std::string& name) { return name.ends_with("ForSequenceClassification"); });
  return is_classifier ? 2 : 1;
}

CrossEncoderConfig read_bert(const json& config) {
  expect_value(config, "hidden_act", "gelu");
  expect_value(config, "position_embedding_type", "absolute");
  CrossEncoderConfig result;
  BertConfig& bert = result.bert;
  bert.vocab_size = positive(config, "vocab_size", bert.vocab_size);
  bert.hidden_size = positive(config, "hidden_size", bert.hidden_size);
  bert.num_hidden_layers = positive(config, "num_hidden_layers", bert.num_hidden_layers);
  bert.num_attention_heads = positive(config, "num_attention_heads", bert.num_attention_heads);
  bert.intermediate_size = positive(config, "intermediate_size", bert.intermediate_size);
  bert.max_position_embeddings =
      positive(config, "max_position_embeddings", bert.max_position_embeddings);
  bert.type_vocab_size = positive(config, "type_vocab_size", bert.type_vocab_size);
  if (bert.type_vocab_size < 2)
    throw std::invalid_argument(
        fmt::format("'type_vocab_size' is {}; a cross-encoder tells the query from the document by "
                    "two types, so expected 2",
                    bert.type_vocab_size));
  bert.layer_norm_eps = config.value("layer_norm_eps", bert.layer_norm_eps);
  bert.initializer_range = config.value("initializer_range", bert.initializer_range);
  bert.hidden_dropout_prob = probability(config, "hidden_dropout_prob", bert.hidden_dropout_prob);
  bert.attention_probs_dropout_prob =
      probability(config, "attention_probs_dropout_prob", bert.attention_probs_dropout_prob);
  if (bert.hidden_size % bert.num_attention_heads != 0)
    throw std::invalid_argument(
        fmt::format("'hidden_size' {} is no multiple of 'num_attention_heads' {}", bert.hidden_size,
                    bert.num_attention_heads));
  if (const auto found = config.find("classifier_dropout");
      found != config.end() && !found->is_null())
    result.classifier_dropout = probability(config, "classifier_dropout", 0);
  result.num_labels = count_labels(config);
  return result;
}

struct ModelType {
  std::string name;
  CrossEncoderConfig (*read)(const json& config);
};
const std::vector<ModelType> kModelTypes = {
    {"bert", read_bert},
};

}  // namespace

CrossEncoderConfig read_model_config(const std::string& config_json, const std::string& origin) {
  try {
    const json config = json::parse(config_json);
    const std::string wanted = config.value("model_type", "");
    std::vector<std::string> known;
    for (const auto& [name, read] : kModelTypes) {
      if (name == wanted) return read(config);
      known.push_back(name);
    }
    throw std::invalid_argument(unknown_name_message("model_type", wanted, known));
  } catch (const json::exception& error) {
    throw std::invalid_argument(fmt::format("{}: {}", origin, error.what()));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", origin, error.what()));
  }
}

}  // namespace lambdaforge::models
