#include "models/tokenizer/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <unordered_map>

#include "models/tokenizer/fnv.h"
#include "models/tokenizer/vocabulary_file.h"

namespace lambdaforge::models {
namespace {

using TokenIds = std::unordered_map<std::string, int32_t>;

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

// The section of tokenizer.json under `name`, which must be of the one type that BERT has there.
const Json& section(const Json& tokenizer, const std::string& name, std::string_view type) {
  const auto found = tokenizer.find(name);
  const bool present = found != tokenizer.end() && found->is_object();
  const std::string actual = present ? found->value("type", "untyped") : "missing";
  if (actual != type)
    throw std::invalid_argument(
        fmt::format("tokenizer.json is no BERT WordPiece tokenizer: its {} is {}, expected {}",
                    name, actual, type));
  return *found;
}

// Files older than the "type" field tell their model by its other keys.
Json with_model_type(const Json& tokenizer) {
  Json typed = tokenizer;
  Json& model = typed["model"];
  if (model.is_object() && !model.contains("type")) {
    if (model.contains("merges"))
      model["type"] = "BPE";
    else if (model.contains("unk_id"))
      model["type"] = "Unigram";
    else if (model.contains("continuing_subword_prefix"))
      model["type"] = "WordPiece";
  }
  return typed;
}

NormalizerOptions read_normalizer(const Json& normalizer) {
  NormalizerOptions options;
  options.clean_text = normalizer.value("clean_text", options.clean_text);
  options.handle_chinese_chars =
      normalizer.value("handle_chinese_chars", options.handle_chinese_chars);
  options.lowercase = normalizer.value("lowercase", options.lowercase);
  const Json strip_accents = normalizer.value("strip_accents", Json());
  if (!strip_accents.is_null()) options.strip_accents = strip_accents.get<bool>();
  return options;
}

WordPieceOptions read_word_piece(const Json& model) {
  WordPieceOptions options;
  options.unk_token = model.value("unk_token", options.unk_token);
  options.continuing_subword_prefix =
      model.value("continuing_subword_prefix", options.continuing_subword_prefix);
  options.max_input_chars_per_word =
      model.value("max_input_chars_per_word", options.max_input_chars_per_word);
  return options;
}

// The vocabulary's id wins over the one beside the token, as in the peer.
std::vector<AddedToken> read_added_tokens(const Json& tokenizer, TokenIds& ids) {
  std::vector<AddedToken> tokens;
  const Json listed = tokenizer.value("added_tokens", Json::array());
  for (const Json& entry : listed) {
    const std::string content = entry.at("content");
    const bool special = entry.value("special", false);
    tokens.push_back(
        {.content = content,
         .id = ids.try_emplace(content, checked_id(content, entry.at("id"))).first->second,
         .single_word = entry.value("single_word", false),
         .lstrip = entry.value("lstrip", false),
         .rstrip = entry.value("rstrip", false),
         .normalized = entry.value("normalized", !special),
         .special = special});
  }
  return tokens;
}

SpecialToken known_token(const std::string& content, const TokenIds& ids, std::string_view role) {
  const auto found = ids.find(content);
  if (found == ids.end())
    throw std::invalid_argument(
        fmt::format("the tokenizer's {} '{}' is not in its vocabulary", role, content));
  return {content, found->second};
}

[[noreturn]] void throw_template() {
  throw std::invalid_argument(
      "tokenizer.json is no BERT tokenizer: its post_processor does not make [CLS] A [SEP] B [SEP] "
      "with the type ids 0 0 0 1 1");
}

// One item of a TemplateProcessing pair: the name of its special token or sequence.
std::string template_item(const Json& pair, size_t place, const char* kind, int type_id) {
  const Json& item = pair.at(place);
  if (!item.contains(kind) || item[kind].at("type_id") != type_id) throw_template();
  return item[kind].at("id");
}

SpecialToken template_token(const Json& processor, const std::string& name) {
  const Json& ids = processor.at("special_tokens").at(name).at("ids");
  if (ids.size() != 1) throw_template();
  return {name, checked_id(name, ids[0])};
}

void read_template(const Json& processor, TokenizerDefinition& definition) {
  const Json& pair = processor.at("pair");
  if (pair.size() != 5) throw_template();
  const std::string cls = template_item(pair, 0, "SpecialToken", 0);
  const std::string sep = template_item(pair, 2, "SpecialToken", 0);
  const bool in_order = template_item(pair, 1, "Sequence", 0) == "A" &&
                        template_item(pair, 3, "Sequence", 1) == "B" &&
                        template_item(pair, 4, "SpecialToken", 1) == sep;
  if (!in_order) throw_template();
  definition.cls = template_token(processor, cls);
  definition.sep = template_token(processor, sep);
}

SpecialToken bert_processing_token(const Json& processor, const std::string& role) {
  const std::string content = processor.at(role).at(0);
  return {content, checked_id(content, processor.at(role).at(1))};
}

void read_special_tokens(const TokenizerFiles& files, const TokenIds& ids,
                         TokenizerDefinition& definition) {
  const Json processor = files.tokenizer.value("post_processor", Json());
  const std::string type = processor.is_object() ? processor.value("type", "untyped") : "none";
  if (type == "TemplateProcessing") {
    read_template(processor, definition);
  } else if (type == "BertProcessing") {
    definition.cls = bert_processing_token(processor, "cls");
    definition.sep = bert_processing_token(processor, "sep");
  } else if (type == "none") {
    definition.cls =
        known_token(token_content(files.config, "cls_token", "[CLS]"), ids, "cls_token");
    definition.sep =
        known_token(token_content(files.config, "sep_token", "[SEP]"), ids, "sep_token");
  } else {
    throw_template();
  }
}

// Unlimited is written as 1e30, or not at all.
int64_t read_model_max_length(const Json& config) {
  const Json length = config.value("model_max_length", Json());
  if (length.is_null()) return kUnlimited;
  const auto tokens = length.get<double>();
  if (!(tokens >= 1))
    throw std::invalid_argument(fmt::format(
        "tokenizer_config.json: model_max_length is {}, expected at least 1", length.dump()));
  return tokens < 9e18 ? static_cast<int64_t>(tokens) : kUnlimited;
}

// A hash over fields; a text goes in behind its length, so no two lists of fields read alike.
class FieldHash {
 public:
  void add_number(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
      hash_ = extend_hash(hash_, static_cast<unsigned char>(number >> shift));
  }
  void add_id(int32_t id) { add_number(static_cast<uint64_t>(id)); }
  void add_flags(std::initializer_list<bool> flags) {
    for (const bool flag : flags) hash_ = extend_hash(hash_, flag);
  }
  void add_text(std::string_view text) {
    add_number(text.size());
    for (const char byte : text) hash_ = extend_hash(hash_, static_cast<unsigned char>(byte));
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = kEmptyHash;
};

}  // namespace

TokenizerDefinition interpret(const TokenizerFiles& files) {
  const Json tokenizer = with_model_type(files.tokenizer);
  TokenizerDefinition definition;
  definition.word_piece = read_word_piece(section(tokenizer, "model", "WordPiece"));
  definition.normalizer = read_normalizer(section(tokenizer, "normalizer", "BertNormalizer"));
  section(tokenizer, "pre_tokenizer", "BertPreTokenizer");

  TokenIds ids;
  for (const auto& [token, id] : files.vocabulary) ids[token] = id;
  definition.added_tokens = read_added_tokens(tokenizer, ids);
  read_special_tokens(files, ids, definition);
  for (const auto& [token, id] : ids)
    definition.vocab_size = std::max(definition.vocab_size, int64_t{id} + 1);
  definition.model_max_length = read_model_max_length(files.config);
  return definition;
}

std::string fingerprint(const TokenizerDefinition& definition,
                        const std::vector<VocabularyEntry>& vocabulary) {
  FieldHash hash;
  const NormalizerOptions& normalizer = definition.normalizer;
  hash.add_flags({normalizer.clean_text, normalizer.handle_chinese_chars,
                  normalizer.strips_accents(), normalizer.lowercase});
  hash.add_text(definition.word_piece.unk_token);
  hash.add_text(definition.word_piece.continuing_subword_prefix);
  hash.add_number(definition.word_piece.max_input_chars_per_word);
  hash.add_id(definition.cls.id);
  hash.add_id(definition.sep.id);

  // The order of a file decides nothing.
  std::vector<AddedToken> added = definition.added_tokens;
  std::ranges::sort(added, {}, &AddedToken::content);
  for (const AddedToken& token : added) {
    hash.add_text(token.content);
    hash.add_id(token.id);
    hash.add_flags({token.single_word, token.lstrip, token.rstrip, token.normalized});
  }
  std::vector<VocabularyEntry> sorted = vocabulary;
  std::ranges::sort(sorted);
  for (const auto& [token, id] : sorted) {
    hash.add_text(token);
    hash.add_id(id);
  }
  return fmt::format("wordpiece-{:016x}", hash.value());
}

}  // namespace lambdaforge::models
