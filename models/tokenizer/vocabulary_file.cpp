#include "models/tokenizer/vocabulary_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "models/tokenizer/unicode_text.h"

namespace lambdaforge::models {
namespace {

using TokenIds = std::unordered_map<std::string, int32_t>;

constexpr std::array kTokenizerClasses = {
    "BertTokenizer",    "BertTokenizerFast",    "DistilBertTokenizer", "DistilBertTokenizerFast",
    "ElectraTokenizer", "ElectraTokenizerFast", "MobileBertTokenizer", "MobileBertTokenizerFast"};

constexpr std::pair<const char*, const char*> kRoles[] = {{"unk_token", "[UNK]"},
                                                          {"sep_token", "[SEP]"},
                                                          {"pad_token", "[PAD]"},
                                                          {"cls_token", "[CLS]"},
                                                          {"mask_token", "[MASK]"}};

void check_class(const Json& config) {
  const std::string name = token_content(config, "tokenizer_class", kTokenizerClasses[0]);
  if (std::ranges::find(kTokenizerClasses, name) == kTokenizerClasses.end())
    throw std::invalid_argument(fmt::format(
        "tokenizer_config.json names a {}; vocab.txt is read for one of {}: save the model again "
        "with its tokenizer.json",
        name, fmt::join(kTokenizerClasses, ", ")));
}

std::vector<VocabularyEntry> parse_vocabulary(std::string_view text) {
  check_utf8(text);
  std::vector<VocabularyEntry> vocabulary;
  for (int32_t id = 0; !text.empty(); ++id) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) vocabulary.emplace_back(line, id);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return vocabulary;
}

Json added_token(int32_t id, const std::string& content, const Json& flags) {
  const bool special = flags.value("special", true);
  return {{"id", id},
          {"content", content},
          {"single_word", flags.value("single_word", false)},
          {"lstrip", flags.value("lstrip", false)},
          {"rstrip", flags.value("rstrip", false)},
          {"normalized", flags.value("normalized", !special)},
          {"special", special}};
}

void require(const TokenIds& ids, const std::string& token) {
  if (!ids.contains(token))
    throw std::invalid_argument(fmt::format("vocab.txt has no line '{}'", token));
}

// The "added_tokens" of tokenizer.json: everything the layout calls an added or special token.
class AddedTokenList {
 public:
  explicit AddedTokenList(const TokenIds& ids) : ids_(ids), next_id_(std::ssize(ids)) {}

  void add_at(int32_t id, const std::string& content, const Json& flags) {
    by_id_.try_emplace(id, added_token(id, content, flags));
    next_id_ = std::max(next_id_, int64_t{id} + 1);
  }

  // `token` is its content, or an object with its content and flags. One that the vocabulary lacks
  // takes the next id, or is left out.
  void add(const Json& token, bool may_extend) {
    if (token.is_null()) return;
    const std::string content = token.is_object() ? token.at("content") : token;
    const auto id = ids_.find(content);
    if (id == ids_.end() && !may_extend) return;
    add_at(id == ids_.end() ? static_cast<int32_t>(next_id_) : id->second, content,
           token.is_object() ? token : Json::object());
  }

  Json sorted_by_id() const {
    Json tokens = Json::array();
    for (const auto& [id, token] : by_id_) tokens.push_back(token);
    return tokens;
  }

 private:
  const TokenIds& ids_;
  int64_t next_id_;
  std::map<int32_t, Json> by_id_;
};

Json added_tokens(const Json& config, const Json& added, const TokenIds& ids) {
  AddedTokenList tokens(ids);
  const Json decoder = config.value("added_tokens_decoder", Json::object());
  for (const auto& [id, token] : decoder.items())
    tokens.add_at(checked_id(token.at("content"), Json::parse(id)), token.at("content"), token);
  for (const auto& [role, standard] : kRoles) tokens.add(config.value(role, Json(standard)), false);
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    const Json extra = config.value(key, Json::array());
    if (extra.is_array())
      for (const Json& token : extra) tokens.add(token, true);
  }
  for (const auto& [content, id] : added.items())
    tokens.add_at(checked_id(content, id), content, {{"special", false}});
  return tokens.sorted_by_id();
}

Json special(const std::string& token, int type_id) {
  return {{"SpecialToken", {{"id", token}, {"type_id", type_id}}}};
}

Json sequence(const std::string& name, int type_id) {
  return {{"Sequence", {{"id", name}, {"type_id", type_id}}}};
}

Json post_processor(const std::string& cls, const std::string& sep, const TokenIds& ids) {
  Json tokens = Json::object();
  for (const std::string& token : {cls, sep})
    tokens[token] = {
        {"id", token}, {"ids", Json::array({ids.at(token)})}, {"tokens", Json::array({token})}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({special(cls, 0), sequence("A", 0), special(sep, 0)})},
          {"pair", Json::array({special(cls, 0), sequence("A", 0), special(sep, 0),
                                sequence("B", 1), special(sep, 1)})},
          {"special_tokens", tokens}};
}

}  // namespace

std::string token_content(const Json& config, const std::string& key,
                          const std::string& otherwise) {
  const auto token = config.find(key);
  if (token == config.end() || token->is_null()) return otherwise;
  return token->is_object() ? token->at("content").get<std::string>() : token->get<std::string>();
}

TokenizerFiles files_from_vocabulary(const VocabularyLayout& layout) {
  Json config = layout.config;
  check_class(config);
  // The special_tokens_map of an older writer counts only where no added_tokens_decoder does.
  if (!config.contains("added_tokens_decoder")) config.update(layout.special_tokens);
  TokenizerFiles files;
  files.vocabulary = parse_vocabulary(layout.vocabulary);
  TokenIds ids;
  for (const auto& [token, id] : files.vocabulary) ids[token] = id;

  const std::string cls = token_content(config, "cls_token", "[CLS]");
  const std::string sep = token_content(config, "sep_token", "[SEP]");
  const std::string unk = token_content(config, "unk_token", "[UNK]");
  for (const std::string& token : {cls, sep, unk}) require(ids, token);
  files.tokenizer = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", added_tokens(config, layout.added_tokens, ids)},
                     {"normalizer",
                      {{"type", "BertNormalizer"},
                       {"clean_text", true},
                       {"handle_chinese_chars", config.value("tokenize_chinese_chars", true)},
                       {"strip_accents", config.value("strip_accents", Json())},
                       {"lowercase", config.value("do_lower_case", true)}}},
                     {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                     {"post_processor", post_processor(cls, sep, ids)},
                     {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
                     {"model",
                      {{"type", "WordPiece"},
                       {"unk_token", unk},
                       {"continuing_subword_prefix", "##"},
                       {"max_input_chars_per_word", 100}}}};
  return files;
}

std::string vocabulary_text(const std::vector<VocabularyEntry>& vocabulary) {
  std::vector<std::string_view> lines;
  for (const auto& [token, id] : vocabulary) {
    if (static_cast<size_t>(id) >= lines.size()) lines.resize(static_cast<size_t>(id) + 1);
    lines[static_cast<size_t>(id)] = token;
  }
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

}  // namespace lambdaforge::models
