#include "models/pretrained.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/files.h"
#include "models/registry.h"
#include "models/safetensors.h"

namespace lambdaforge::models {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSigmoidPath = "torch.nn.modules.activation.Sigmoid";
constexpr const char* kIdentityPath = "torch.nn.modules.linear.Identity";

void replace_suffix(std::string& name, std::string_view from, std::string_view to) {
  if (name.ends_with(from)) name.replace(name.size() - from.size(), from.size(), to);
}

// The name that a tensor of any BERT directory has in a BertForSequenceClassification file.
std::string canonical_name(std::string name) {
  // TensorFlow's checkpoints, and what was converted from them, call a LayerNorm's weight and bias
  // gamma and beta.
  replace_suffix(name, "LayerNorm.gamma", "LayerNorm.weight");
  replace_suffix(name, "LayerNorm.beta", "LayerNorm.bias");
  const bool of_bert = name.starts_with("embeddings.") || name.starts_with("encoder.") ||
                       name.starts_with("pooler.");
  return of_bert ? "bert." + name : name;
}

using TensorsByName = std::unordered_map<std::string, at::Tensor>;

TensorsByName read_weights(const fs::path& file) {
  TensorsByName tensors;
  for (auto& [name, tensor] : load_safetensors(file))
    tensors[canonical_name(name)] = std::move(tensor);
  return tensors;
}

// Fills a parameter from the file's tensors; false when the file lacks it.
bool fill(const Parameter& parameter, TensorsByName& tensors, const fs::path& file) {
  at::NoGradGuard no_grad;
  const auto slices = parameter.tensor.detach().chunk(static_cast<int64_t>(parameter.names.size()));
  for (size_t i = 0; i < parameter.names.size(); ++i) {
    const auto found = tensors.find(parameter.names[i]);
    if (found == tensors.end()) return false;
    if (found->second.sizes() != slices[i].sizes())
      throw std::invalid_argument(fmt::format(
          "{}: tensor '{}' has the shape [{}], the model needs [{}]: config.json and weights "
          "differ",
          file.string(), parameter.names[i], fmt::join(found->second.sizes().vec(), ", "),
          fmt::join(slices[i].sizes().vec(), ", ")));
    slices[i].copy_(found->second);
    tensors.erase(found);
  }
  return true;
}

// A head that the file lacks, or that has another number of labels, starts fresh; an encoder weight
// must be there.
bool may_be_fresh(const std::string& name) {
  return name.starts_with("classifier.") || name.starts_with("bert.pooler.");
}

void fill_parameters(Pretrained& pretrained, const fs::path& file, bool fresh_classifier) {
  TensorsByName tensors = read_weights(file);
  if (fresh_classifier)
    std::erase_if(tensors,
                  [](const auto& entry) { return entry.first.starts_with("classifier."); });
  for (const Parameter& parameter : pretrained.model.parameters()) {
    if (fill(parameter, tensors, file)) continue;
    const std::string& name = parameter.names.front();
    if (!may_be_fresh(name))
      throw std::invalid_argument(
          fmt::format("{}: no tensor '{}': this is no BERT encoder", file.string(), name));
    pretrained.missing.push_back(name);
  }
  for (const auto& [name, tensor] : tensors) pretrained.unused.push_back(name);
  std::sort(pretrained.unused.begin(), pretrained.unused.end());
}

std::optional<std::string> activation_path(const fs::path& directory, const json& config) {
  // With modules.json the newer file decides (sentence-transformers 6), else the block in
  // config.json does.
  const fs::path newer = directory / "config_sentence_transformers.json";
  if (fs::exists(directory / "modules.json") && fs::exists(newer)) {
    const json settings = json::parse(read_file(newer), nullptr, false);
    if (settings.is_object() && settings.contains("activation_fn") &&
        settings["activation_fn"].is_string())
      return settings["activation_fn"].get<std::string>();
  }
  const json block = config.value("sentence_transformers", json::object());
  if (block.is_object() && block.contains("activation_fn"))
    return block["activation_fn"].get<std::string>();
  return std::nullopt;
}

Activation read_activation(const fs::path& directory, const json& config, int64_t num_labels) {
  const auto path = activation_path(directory, config);
  if (!path) return num_labels == 1 ? Activation::kSigmoid : Activation::kIdentity;
  if (path->ends_with(".Sigmoid")) return Activation::kSigmoid;
  if (path->ends_with(".Identity")) return Activation::kIdentity;
  throw std::invalid_argument(fmt::format("{}: activation_fn '{}' is not supported; known: {}, {}",
                                          directory.string(), *path, kSigmoidPath, kIdentityPath));
}

void apply(const LoadOptions& options, const fs::path& directory, CrossEncoderConfig& config) {
  BertConfig& bert = config.bert;
  if (options.num_hidden_layers && *options.num_hidden_layers > bert.num_hidden_layers)
    throw std::invalid_argument(
        fmt::format("num_hidden_layers = {}, but {} has {}; ask for at most that many",
                    *options.num_hidden_layers, directory.string(), bert.num_hidden_layers));
  if (options.classifier_dropout) config.classifier_dropout = options.classifier_dropout;
  config.num_labels = options.num_labels.value_or(config.num_labels);
  bert.num_hidden_layers = options.num_hidden_layers.value_or(bert.num_hidden_layers);
  bert.hidden_dropout_prob = options.hidden_dropout_prob.value_or(bert.hidden_dropout_prob);
  bert.attention_probs_dropout_prob =
      options.attention_probs_dropout_prob.value_or(bert.attention_probs_dropout_prob);
}

int64_t choose_max_length(const LoadOptions& options, const Tokenizer& tokenizer,
                          const BertConfig& bert) {
  if (options.max_length > bert.max_position_embeddings)
    throw std::invalid_argument(
        fmt::format("max_length = {}, but the model has {} position embeddings", options.max_length,
                    bert.max_position_embeddings));
  if (options.max_length > 0) return options.max_length;
  return std::min(tokenizer.model_max_length(), bert.max_position_embeddings);
}

fs::path weights_file(const fs::path& directory) {
  const fs::path file = directory / "model.safetensors";
  if (fs::exists(file)) return file;
  const bool pickled = fs::exists(directory / "pytorch_model.bin");
  throw std::invalid_argument(fmt::format(
      "{} has no model.safetensors{}", directory.string(),
      pickled ? ", only a pytorch_model.bin; load and save it once with transformers to convert it"
              : ""));
}

json label_names(int64_t num_labels) {
  json names = json::object();
  for (int64_t i = 0; i < num_labels; ++i) names[std::to_string(i)] = fmt::format("LABEL_{}", i);
  return names;
}

std::string build_config_json(const Pretrained& pretrained) {
  const CrossEncoderConfig& config = pretrained.model.config();
  nlohmann::ordered_json saved = nlohmann::ordered_json::parse(pretrained.config_json);
  saved.erase("num_labels");   // Hugging Face derives it from id2label
  saved.erase("torch_dtype");  // the name of `dtype` before transformers 5
  saved["dtype"] =
      "float32";  // as the weights are written: readers load them in the type named here
  saved["architectures"] = {"BertForSequenceClassification"};
  saved["num_hidden_layers"] = config.bert.num_hidden_layers;
  saved["hidden_dropout_prob"] = config.bert.hidden_dropout_prob;
  saved["attention_probs_dropout_prob"] = config.bert.attention_probs_dropout_prob;
  if (config.classifier_dropout) saved["classifier_dropout"] = *config.classifier_dropout;
  if (!saved.contains("id2label") ||
      saved["id2label"].size() != static_cast<size_t>(config.num_labels)) {
    saved["id2label"] = label_names(config.num_labels);
    saved["label2id"] = json::object();
    for (int64_t i = 0; i < config.num_labels; ++i)
      saved["label2id"][fmt::format("LABEL_{}", i)] = i;
  }
  saved["sentence_transformers"] = {
      {"activation_fn",
       pretrained.activation == Activation::kSigmoid ? kSigmoidPath : kIdentityPath},
      {"version", "6.2.0"}};  // the version whose layout and behaviour this directory follows
  return saved.dump(2) + "\n";
}

NamedTensors tensors_of(const CrossEncoder& model) {
  NamedTensors tensors;
  for (const Parameter& parameter : model.parameters()) {
    const auto slices =
        parameter.tensor.detach().chunk(static_cast<int64_t>(parameter.names.size()));
    for (size_t i = 0; i < parameter.names.size(); ++i)
      tensors.emplace_back(parameter.names[i], slices[i]);
  }
  return tensors;
}

}  // namespace

Pretrained load_pretrained(const fs::path& directory, const LoadOptions& options) {
  if (!fs::is_directory(directory))
    throw std::invalid_argument(
        fmt::format("no model directory {}: expected a folder with config.json, "
                    "model.safetensors and tokenizer files",
                    directory.string()));
  const std::string config_json = read_file(directory / "config.json");
  CrossEncoderConfig config = read_model_config(config_json, (directory / "config.json").string());
  const int64_t stored_labels = config.num_labels;
  apply(options, directory, config);
  const fs::path weights = weights_file(directory);
  Tokenizer tokenizer = Tokenizer::load(directory);
  if (tokenizer.vocab_size() > config.bert.vocab_size)
    throw std::invalid_argument(fmt::format("{}: the tokenizer has {} ids, the model {} embeddings",
                                            directory.string(), tokenizer.vocab_size(),
                                            config.bert.vocab_size));
  const json parsed = json::parse(config_json);
  at::manual_seed(options.seed);
  Pretrained pretrained{CrossEncoder(config),
                        std::move(tokenizer),
                        0,
                        read_activation(directory, parsed, config.num_labels),
                        {},
                        {},
                        config_json};
  pretrained.max_length = choose_max_length(options, pretrained.tokenizer, config.bert);
  fill_parameters(pretrained, weights, config.num_labels != stored_labels);
  return pretrained;
}

void save_pretrained(const Pretrained& pretrained, const fs::path& directory) {
  write_file_atomically(directory / "config.json", build_config_json(pretrained));
  save_safetensors(directory / "model.safetensors", tensors_of(pretrained.model));
  pretrained.tokenizer.save(directory, pretrained.max_length);
}

void load_parameters(const fs::path& file, const CrossEncoder& model) {
  TensorsByName tensors = read_weights(file);
  for (const Parameter& parameter : model.parameters())
    if (!fill(parameter, tensors, file))
      throw std::invalid_argument(fmt::format("{}: no tensor '{}': not saved from this model",
                                              file.string(), parameter.names.front()));
}

}  // namespace lambdaforge::models
