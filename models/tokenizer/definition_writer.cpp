#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/files.h"
#include "models/tokenizer/definition.h"
#include "models/tokenizer/vocabulary_file.h"

namespace lambdaforge::models {
namespace {

// Of the files that others read, `transformers` takes the casing from tokenizer_config.json and
// `tokenizers` from tokenizer.json: both must say the same.

bool knows(const TokenizerFiles& files, const TokenizerDefinition& definition,
           const std::string& token) {
  const auto has = [&](const VocabularyEntry& entry) { return entry.first == token; };
  const auto is = [&](const AddedToken& added) { return added.content == token; };
  return std::ranges::any_of(definition.added_tokens, is) ||
         std::ranges::any_of(files.vocabulary, has);
}

std::string padding_token(const Json& tokenizer) {
  const Json padding = tokenizer.value("padding", Json());
  return padding.is_object() ? padding.value("pad_token", "[PAD]") : "[PAD]";
}

// role -> token, of the roles that this tokenizer fills.
Json special_tokens(const TokenizerFiles& files, const TokenizerDefinition& definition) {
  Json tokens = {{"unk_token", definition.word_piece.unk_token},
                 {"sep_token", definition.sep.content},
                 {"cls_token", definition.cls.content}};
  const std::pair<const char*, std::string> optional_roles[] = {
      {"pad_token", padding_token(files.tokenizer)}, {"mask_token", "[MASK]"}};
  for (const auto& [role, standard] : optional_roles) {
    const std::string token = token_content(files.config, role, standard);
    if (knows(files, definition, token)) tokens[role] = token;
  }
  return tokens;
}

Json added_tokens_decoder(const std::vector<AddedToken>& tokens) {
  Json decoder = Json::object();
  for (const AddedToken& token : tokens)
    decoder[std::to_string(token.id)] = {
        {"content", token.content},         {"lstrip", token.lstrip},
        {"normalized", token.normalized},   {"rstrip", token.rstrip},
        {"single_word", token.single_word}, {"special", token.special}};
  return decoder;
}

// BertTokenizer builds its own pipeline out of the config and can say no more than these options;
// any other pipeline must be taken from tokenizer.json as it stands.
std::string tokenizer_class(const TokenizerDefinition& definition) {
  const WordPieceOptions standard;
  const bool is_standard =
      definition.normalizer.clean_text &&
      definition.word_piece.continuing_subword_prefix == standard.continuing_subword_prefix &&
      definition.word_piece.max_input_chars_per_word == standard.max_input_chars_per_word;
  return is_standard ? "BertTokenizer" : "PreTrainedTokenizerFast";
}

Json tokenizer_config(const TokenizerFiles& files, const TokenizerDefinition& definition) {
  Json config = files.config;
  const std::optional<bool> strip_accents = definition.normalizer.strip_accents;
  config["do_lower_case"] = definition.normalizer.lowercase;
  config["strip_accents"] = strip_accents ? Json(*strip_accents) : Json();
  config["tokenize_chinese_chars"] = definition.normalizer.handle_chinese_chars;
  config["added_tokens_decoder"] = added_tokens_decoder(definition.added_tokens);
  config.update(special_tokens(files, definition));
  config["tokenizer_class"] = tokenizer_class(definition);
  config["model_input_names"] = {"input_ids", "token_type_ids", "attention_mask"};
  return config;
}

}  // namespace

void write_tokenizer_files(TokenizerFiles files, const TokenizerDefinition& definition,
                           const std::filesystem::path& directory) {
  // How texts are cut and padded is up to whoever uses the model next.
  files.tokenizer["truncation"] = nullptr;
  files.tokenizer["padding"] = nullptr;
  const Json special = special_tokens(files, definition);
  write_file_atomically(directory / "vocab.txt", vocabulary_text(files.vocabulary));
  write_file_atomically(directory / "special_tokens_map.json", special.dump(2) + "\n");
  write_file_atomically(directory / "tokenizer_config.json",
                        tokenizer_config(files, definition).dump(2) + "\n");
  write_file_atomically(directory / "tokenizer.json", tokenizer_json_text(files));
}

}  // namespace lambdaforge::models
