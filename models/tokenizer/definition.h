// What the files of a tokenizer directory mean: everything that decides ids, checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/tokenizer/added_tokens.h"
#include "models/tokenizer/normalizer.h"
#include "models/tokenizer/tokenizer_files.h"
#include "models/tokenizer/word_piece.h"

namespace lambdaforge::models {

struct SpecialToken {
  std::string content;
  int32_t id = 0;
};

struct TokenizerDefinition {
  NormalizerOptions normalizer;
  WordPieceOptions word_piece;
  std::vector<AddedToken> added_tokens;
  SpecialToken cls;
  SpecialToken sep;
  int64_t vocab_size = 0;        // the highest id and 1
  int64_t model_max_length = 0;  // INT64_MAX: unlimited
};

// Throws std::invalid_argument when the files describe something other than a BERT WordPiece
// tokenizer; the message says which part, what it is and what was expected.
TokenizerDefinition interpret(const TokenizerFiles& files);

// A hash, in hexadecimal, of everything that decides ids.
std::string fingerprint(const TokenizerDefinition& definition,
                        const std::vector<VocabularyEntry>& vocabulary);

// Writes tokenizer.json, tokenizer_config.json, vocab.txt and special_tokens_map.json.
void write_tokenizer_files(TokenizerFiles files, const TokenizerDefinition& definition,
                           const std::filesystem::path& directory);

}  // namespace lambdaforge::models
