// BERT's WordPiece tokenizer, equal to Hugging Face's `tokenizers` id by id. No torch here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/token_batch.h"

namespace lambdaforge::models {

class Tokenizer {
 public:
  // Reads tokenizer.json, or vocab.txt and tokenizer_config.json, from a Hugging Face directory.
  // Throws std::invalid_argument when the directory holds no BERT WordPiece tokenizer (says which
  // file lacks what).
  static Tokenizer load(const std::filesystem::path& directory);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Ids of one text, without [CLS] and [SEP], untruncated. Thread-safe.
  // Throws std::invalid_argument on invalid UTF-8 (says at which byte).
  std::vector<int32_t> encode(std::string_view text) const;

  // Appends [CLS] query [SEP] document [SEP], cut to max_length tokens by longest_first, as one
  // more pair, keyed by its place in the batch (see TokenBatch). max_length counts the three
  // special tokens; throws std::invalid_argument when it is below 3.
  void append_pair(std::span<const int32_t> query, std::span<const int32_t> document,
                   int64_t max_length, TokenBatch& batch) const;

  int64_t vocab_size() const;
  // From tokenizer_config.json; a very large number when unlimited.
  int64_t model_max_length() const;

  // Changes with everything that decides ids (vocabulary, casing, added tokens); keys the token
  // store.
  std::string fingerprint() const;

  // Writes tokenizer.json, tokenizer_config.json, vocab.txt and special_tokens_map.json into
  // `directory`.
  // `model_max_length` is where a reader will cut pairs; nullopt keeps what was loaded.
  void save(const std::filesystem::path& directory,
            std::optional<int64_t> model_max_length = std::nullopt) const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lambdaforge::models
