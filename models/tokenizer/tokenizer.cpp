#include "models/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <stdexcept>

#include "models/tokenizer/added_tokens.h"
#include "models/tokenizer/definition.h"
#include "models/tokenizer/normalizer.h"
#include "models/tokenizer/pair_packing.h"
#include "models/tokenizer/pre_tokenizer.h"
#include "models/tokenizer/tokenizer_files.h"
#include "models/tokenizer/unicode_text.h"
#include "models/tokenizer/word_piece.h"

namespace lambdaforge::models {
namespace {

AddedTokenMatcher raw_matcher(const TokenizerDefinition& definition) {
  std::vector<AddedToken> tokens = definition.added_tokens;
  std::erase_if(tokens, [](const AddedToken& token) { return token.normalized; });
  return AddedTokenMatcher(std::move(tokens));
}

AddedTokenMatcher normalized_matcher(const TokenizerDefinition& definition,
                                     const Normalizer& normalizer) {
  std::vector<AddedToken> tokens = definition.added_tokens;
  std::erase_if(tokens, [](const AddedToken& token) { return !token.normalized; });
  for (AddedToken& token : tokens) {
    std::string normalized;
    normalizer.append_normalized(token.content, normalized);
    token.content = std::move(normalized);
  }
  return AddedTokenMatcher(std::move(tokens));
}

}  // namespace

struct Tokenizer::State {
  explicit State(TokenizerFiles read)
      : files(std::move(read)),
        definition(interpret(files)),
        normalizer(definition.normalizer),
        raw(raw_matcher(definition)),
        normalized(normalized_matcher(definition, normalizer)),
        word_piece(files.vocabulary, definition.word_piece),
        fingerprint(models::fingerprint(definition, files.vocabulary)) {}

  TokenizerFiles files;
  TokenizerDefinition definition;
  Normalizer normalizer;
  AddedTokenMatcher raw;         // looks into the text as it came
  AddedTokenMatcher normalized;  // looks into the normalized text
  WordPiece word_piece;
  std::string fingerprint;
};

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& directory) {
  try {
    return Tokenizer(std::make_unique<State>(read_tokenizer_files(directory)));
  } catch (const Json::exception& error) {
    throw std::invalid_argument(
        fmt::format("{}: malformed tokenizer file: {}", directory.string(), error.what()));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", directory.string(), error.what()));
  }
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  if (!is_ascii(text)) check_utf8(text);
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 4 + 1);
  std::string normalized;
  const auto take_id = [&](int32_t id) { ids.push_back(id); };
  const auto take_word = [&](std::string_view word) { state_->word_piece.append_ids(word, ids); };
  const auto take_words = [&](std::string_view piece) { for_each_word(piece, take_word); };
  const auto take_piece = [&](std::string_view piece) {
    normalized.clear();
    state_->normalizer.append_normalized(piece, normalized);
    state_->normalized.split(normalized, take_words, take_id);
  };
  state_->raw.split(text, take_piece, take_id);
  return ids;
}

void Tokenizer::append_pair(std::span<const int32_t> query, std::span<const int32_t> document,
                            int64_t max_length, TokenBatch& batch) const {
  const TokenizerDefinition& definition = state_->definition;
  append_packed_pair(query, document, definition.cls.id, definition.sep.id, max_length, batch);
}

int64_t Tokenizer::vocab_size() const {
  return state_->definition.vocab_size;
}

int64_t Tokenizer::model_max_length() const {
  return state_->definition.model_max_length;
}

std::string Tokenizer::fingerprint() const {
  return state_->fingerprint;
}

void Tokenizer::save(const std::filesystem::path& directory,
                     std::optional<int64_t> model_max_length) const {
  TokenizerFiles files = state_->files;
  if (model_max_length) files.config["model_max_length"] = *model_max_length;
  write_tokenizer_files(std::move(files), state_->definition, directory);
}

}  // namespace lambdaforge::models
