// The older layout, vocab.txt and tokenizer_config.json, said in the words of tokenizer.json.
#pragma once

#include <string>

#include "models/tokenizer/tokenizer_files.h"

namespace lambdaforge::models {

struct VocabularyLayout {
  std::string vocabulary;  // vocab.txt: one token a line, its id the line number from 0
  Json config;             // tokenizer_config.json
  Json special_tokens;     // special_tokens_map.json: role -> token
  Json added_tokens;       // added_tokens.json: token -> id
};

// Files that are absent are empty objects; what they leave open takes BertTokenizer's defaults
// (lower case, [CLS], [SEP], ...). Throws std::invalid_argument when the config names a tokenizer
// class that is none of BERT's, or [CLS], [SEP] or [UNK] is not in the vocabulary.
TokenizerFiles files_from_vocabulary(const VocabularyLayout& layout);

// The lines of vocab.txt; an id that no token has gets an empty line.
std::string vocabulary_text(const std::vector<VocabularyEntry>& vocabulary);

// The text of a special token, which a config gives as a string or as an object with "content";
// `otherwise` where the config has none.
std::string token_content(const Json& config, const std::string& key, const std::string& otherwise);

}  // namespace lambdaforge::models
