// A BERT small enough for tests, and a directory of it on disk.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "models/cross_encoder.h"

namespace lambdaforge::models {

inline CrossEncoderConfig tiny_config() {
  CrossEncoderConfig config;
  config.bert.vocab_size = 40;
  config.bert.hidden_size = 32;
  config.bert.num_hidden_layers = 2;
  config.bert.num_attention_heads = 4;
  config.bert.intermediate_size = 64;
  config.bert.max_position_embeddings = 24;
  return config;
}

// One pair of `length` made-up tokens.
inline void append_tokens(int length, int first_id, uint32_t key, TokenBatch& batch) {
  for (int i = 0; i < length; ++i) {
    batch.ids.push_back((first_id + 7 * i) % 40);
    batch.type_ids.push_back(i > length / 2);
    batch.positions.push_back(i);
  }
  batch.pair_offsets.push_back(batch.num_tokens());
  batch.pair_keys.push_back(key);
}

inline std::string tiny_config_json() {
  return R"({"model_type": "bert", "architectures": ["BertModel"], "vocab_size": 40, "hidden_size": 32,
             "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
             "max_position_embeddings": 24, "hidden_act": "gelu", "type_vocab_size": 2})";
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// Special tokens, then the letters a..z as words: 31 ids.
inline void write_vocabulary(const std::filesystem::path& folder) {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (char letter = 'a'; letter <= 'z'; ++letter) vocabulary += std::string(1, letter) + "\n";
  write_text(folder / "vocab.txt", vocabulary);
  write_text(
      folder / "tokenizer_config.json",
      R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 24})");
}

}  // namespace lambdaforge::models
