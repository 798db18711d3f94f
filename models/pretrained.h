// A Hugging Face directory in, a Hugging Face directory out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/cross_encoder.h"
#include "models/tokenizer/tokenizer.h"

namespace lambdaforge::models {

// What a recipe may change about a model while it is loaded. nullopt keeps what config.json says.
struct LoadOptions {
  std::optional<int64_t> num_labels;
  std::optional<int64_t> num_hidden_layers;  // keep the first N layers
  std::optional<double> hidden_dropout_prob;
  std::optional<double> attention_probs_dropout_prob;
  std::optional<double> classifier_dropout;
  int64_t max_length = 0;  // 0: what the tokenizer and the position embeddings allow
  uint64_t seed = 42;      // of parameters that the directory lacks
};

enum class Activation { kIdentity, kSigmoid };

struct Pretrained {
  CrossEncoder model;
  Tokenizer tokenizer;
  int64_t max_length;                // tokens a pair, special tokens included
  Activation activation;             // what CrossEncoder.predict applies to the logits
  std::vector<std::string> missing;  // parameters that were initialised, not loaded
  std::vector<std::string> unused;   // tensors of the file that the model has no place for
  std::string config_json;           // the source's config.json, the base of the one that is saved
};

// Loads a BertModel or BertForSequenceClassification directory (config.json, model.safetensors,
// tokenizer files). Throws std::invalid_argument for a directory of another kind (another
// model_type or activation, a pytorch_model.bin only, a tensor of another shape, a missing encoder
// weight), std::runtime_error when a file cannot be read.
Pretrained load_pretrained(const std::filesystem::path& directory, const LoadOptions& options = {});

// Writes config.json (with the sentence_transformers block that CrossEncoder reads),
// model.safetensors and the tokenizer files into an existing `directory`. Throws std::runtime_error
// when the disk refuses.
void save_pretrained(const Pretrained& pretrained, const std::filesystem::path& directory);

// Copies the parameters of a saved model.safetensors into `model`; every parameter must be there.
void load_parameters(const std::filesystem::path& file, const CrossEncoder& model);

}  // namespace lambdaforge::models
