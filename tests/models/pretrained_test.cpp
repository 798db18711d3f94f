#include "models/pretrained.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "base/files.h"
#include "models/registry.h"
#include "models/safetensors.h"
#include "tests/models/tiny_model.h"

namespace lambdaforge::models {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("lambdaforge_" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

// A BertModel directory as Hugging Face writes it: no "bert." prefix, no classifier.
fs::path tiny_directory(const std::string& name) {
  const fs::path folder = fresh_folder(name);
  write_text(folder / "config.json", tiny_config_json());
  write_vocabulary(folder);
  at::manual_seed(1);
  NamedTensors tensors;
  for (const Parameter& parameter : Bert(tiny_config().bert).parameters()) {
    const auto slices =
        parameter.tensor.detach().chunk(static_cast<int64_t>(parameter.names.size()));
    for (size_t i = 0; i < slices.size(); ++i) tensors.emplace_back(parameter.names[i], slices[i]);
  }
  save_safetensors(folder / "model.safetensors", tensors);
  return folder;
}

float score(const Pretrained& pretrained) {
  TokenBatch batch;
  append_tokens(9, 3, 0, batch);
  return pretrained.model(batch, nullptr)[0][0].item<float>();
}

std::string error_of(const fs::path& folder, const LoadOptions& options = {}) {
  try {
    load_pretrained(folder, options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(Pretrained, InitialisesAMissingHeadFromTheSeed) {
  const fs::path folder = tiny_directory("head");
  const Pretrained first = load_pretrained(folder, {.seed = 12});
  const Pretrained again = load_pretrained(folder, {.seed = 12});
  const Pretrained other = load_pretrained(folder, {.seed = 13});
  EXPECT_EQ(first.missing,
            (std::vector<std::string>{"bert.pooler.dense.weight", "bert.pooler.dense.bias",
                                      "classifier.weight", "classifier.bias"}));
  EXPECT_EQ(score(first), score(again));
  EXPECT_NE(score(first), score(other));
  EXPECT_EQ(first.activation, Activation::kSigmoid);
  EXPECT_EQ(first.max_length, 24);
}

TEST(Pretrained, LoadsWhatItSaved) {
  const Pretrained first = load_pretrained(tiny_directory("save"));
  const fs::path folder = fresh_folder("saved");
  save_pretrained(first, folder);
  const Pretrained second = load_pretrained(folder, {.seed = 99});
  EXPECT_TRUE(second.missing.empty());
  EXPECT_TRUE(second.unused.empty());
  EXPECT_EQ(score(first), score(second));
}

TEST(Pretrained, WritesTheBlockThatCrossEncoderReads) {
  const fs::path folder = fresh_folder("block");
  save_pretrained(load_pretrained(tiny_directory("source"), {.num_hidden_layers = 1}), folder);
  const auto config = nlohmann::json::parse(read_file(folder / "config.json"));
  EXPECT_EQ(config["architectures"][0], "BertForSequenceClassification");
  EXPECT_EQ(config["num_hidden_layers"], 1);
  EXPECT_EQ(config["id2label"], (nlohmann::json{{"0", "LABEL_0"}}));
  EXPECT_EQ(config["sentence_transformers"]["activation_fn"],
            "torch.nn.modules.activation.Sigmoid");
}

TEST(Pretrained, KeepsTheFirstLayers) {
  const fs::path folder = tiny_directory("layers");
  const Pretrained one = load_pretrained(folder, {.num_hidden_layers = 1});
  EXPECT_EQ(one.model.config().bert.num_hidden_layers, 1);
  EXPECT_EQ(one.unused.size(), 16u);  // the second layer's tensors
  EXPECT_NE(error_of(folder, {.num_hidden_layers = 3}).find("has 2"), std::string::npos);
}

TEST(Pretrained, CountsTheLabelsThatTheConfigLeavesOut) {
  const auto labels = [](const std::string& more) {
    return read_model_config(R"({"model_type": "bert")" + more + "}", "config.json").num_labels;
  };
  EXPECT_EQ(labels(""), 1);
  EXPECT_EQ(labels(R"(, "architectures": ["BertModel"])"), 1);
  EXPECT_EQ(labels(R"(, "architectures": ["BertForSequenceClassification"])"), 2);
  EXPECT_EQ(labels(R"(, "id2label": {"0": "a", "1": "b", "2": "c"})"), 3);
}

TEST(Pretrained, ReadsTheOldNamesOfLayerNorm) {
  const fs::path folder = tiny_directory("gamma");
  const float expected = score(load_pretrained(folder));
  NamedTensors tensors = load_safetensors(folder / "model.safetensors");
  for (auto& [name, tensor] : tensors) {
    if (name.ends_with("LayerNorm.weight")) name.replace(name.size() - 6, 6, "gamma");
    if (name.ends_with("LayerNorm.bias")) name.replace(name.size() - 4, 4, "beta");
  }
  save_safetensors(folder / "model.safetensors", tensors);
  EXPECT_EQ(score(load_pretrained(folder)), expected);
}

TEST(Pretrained, RefusesAnotherKindOfModel) {
  const fs::path folder = tiny_directory("kind");
  write_text(folder / "config.json", R"({"model_type": "roberta"})");
  EXPECT_NE(error_of(folder).find("unknown model_type 'roberta'"), std::string::npos);
  write_text(folder / "config.json", R"({"model_type": "bert", "hidden_act": "relu"})");
  EXPECT_NE(error_of(folder).find("'hidden_act' is 'relu'"), std::string::npos);
  write_text(folder / "config.json", R"({"model_type": "bert", "hidden_size": "wide"})");
  EXPECT_NE(error_of(folder).find("config.json"), std::string::npos);
}

TEST(Pretrained, RefusesAModelThatDoesNotTellQueriesFromDocuments) {
  const auto config = [](const std::string& types) {
    return std::regex_replace(tiny_config_json(), std::regex("\"type_vocab_size\": 2"),
                              "\"type_vocab_size\": " + types);
  };
  EXPECT_NO_THROW(read_model_config(config("2"), "config.json"));
  EXPECT_THROW(read_model_config(config("1"), "config.json"), std::invalid_argument);
}

TEST(Pretrained, RefusesWeightsThatDoNotFitTheConfig) {
  const fs::path folder = tiny_directory("shape");
  std::string config = tiny_config_json();
  config.replace(config.find("\"intermediate_size\": 64"), 23, "\"intermediate_size\": 48");
  write_text(folder / "config.json", config);
  EXPECT_NE(error_of(folder).find("config.json and weights differ"), std::string::npos);
}

TEST(Pretrained, SaysWhatIsMissing) {
  const fs::path folder = tiny_directory("missing");
  fs::remove(folder / "model.safetensors");
  EXPECT_NE(error_of(folder).find("has no model.safetensors"), std::string::npos);
  write_text(folder / "pytorch_model.bin", "");
  EXPECT_NE(error_of(folder).find("convert"), std::string::npos);
  EXPECT_NE(error_of("/no/such/model").find("no model directory"), std::string::npos);
}

TEST(Pretrained, RefusesMoreTokensThanPositions) {
  EXPECT_NE(error_of(tiny_directory("long"), {.max_length = 25}).find("24 position embeddings"),
            std::string::npos);
}

}  // namespace
}  // namespace lambdaforge::models
