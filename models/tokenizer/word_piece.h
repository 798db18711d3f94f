// WordPiece: a word becomes the longest token that starts it, then the longest "##" token that
// goes on, and so forth (Wu et al. 2016; Devlin et al. 2019).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lambdaforge::models {

using VocabularyEntry = std::pair<std::string, int32_t>;  // token, id

// Names and defaults of "model" in tokenizer.json.
struct WordPieceOptions {
  std::string unk_token = "[UNK]";
  std::string continuing_subword_prefix = "##";
  size_t max_input_chars_per_word = 100;  // longer words, in code points, are unknown
};

// token -> id, asked for the longest token at the start of a text. An open-addressing table keyed
// by a hash that grows byte by byte, so all prefixes of a word are hashed in one pass.
class TokenTable {
 public:
  explicit TokenTable(size_t capacity);

  // The last id given to a token stays.
  void insert(std::string_view token, int32_t id);

  struct Match {
    size_t length = 0;  // bytes; 0: no token starts the text
    int32_t id = 0;
  };
  Match longest_prefix(std::string_view text) const;
  std::optional<int32_t> find(std::string_view token) const;

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t offset = 0;  // into bytes_
    uint32_t length = 0;  // 0: free
    int32_t id = 0;
  };
  // Where `token` is, or would go.
  size_t place_of(std::string_view token, uint64_t hash) const;

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::string bytes_;
  size_t longest_ = 0;
};

class WordPiece {
 public:
  // Throws std::invalid_argument when the vocabulary lacks the unknown token.
  WordPiece(std::span<const VocabularyEntry> vocabulary, const WordPieceOptions& options);

  // Appends the ids of one word (checked UTF-8, not empty): its pieces, or the unknown token.
  void append_ids(std::string_view word, std::vector<int32_t>& ids) const;

 private:
  TokenTable first_;  // whole tokens
  TokenTable next_;   // tokens that continue a word, without their prefix
  size_t max_input_chars_per_word_;
  int32_t unknown_id_ = 0;
};

}  // namespace lambdaforge::models
