// The files of a tokenizer directory as they are: JSON and a vocabulary, not yet understood.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/tokenizer/word_piece.h"

namespace lambdaforge::models {

using Json =
    nlohmann::ordered_json;  // keeps the order of keys, so a saved file reads as its source

struct TokenizerFiles {
  Json tokenizer;                           // tokenizer.json, without model.vocab
  std::vector<VocabularyEntry> vocabulary;  // model.vocab, in the order of the file
  Json config = Json::object();             // tokenizer_config.json
};

// Reads tokenizer.json, or else what vocab.txt and tokenizer_config.json say in the same form.
// Throws std::invalid_argument when the directory holds neither, or a file is malformed.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& directory);

// `id` as a token id. Throws std::invalid_argument that names `token` when it is none.
int32_t checked_id(const std::string& token, const Json& id);

// The text of tokenizer.json, the vocabulary in its place.
std::string tokenizer_json_text(const TokenizerFiles& files);

}  // namespace lambdaforge::models
