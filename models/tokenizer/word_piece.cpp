#include "models/tokenizer/word_piece.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "models/tokenizer/fnv.h"
#include "models/tokenizer/unicode_text.h"

namespace lambdaforge::models {
namespace {

uint64_t hash_of(std::string_view text) {
  uint64_t hash = kEmptyHash;
  for (const char byte : text) hash = extend_hash(hash, static_cast<unsigned char>(byte));
  return hash;
}

}  // namespace

TokenTable::TokenTable(size_t capacity) : slots_(std::bit_ceil(2 * capacity + 2)) {}

size_t TokenTable::place_of(std::string_view token, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = (hash ^ (hash >> 32)) & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.length == 0) return at;
    if (slot.hash == hash && std::string_view(bytes_).substr(slot.offset, slot.length) == token)
      return at;
  }
}

void TokenTable::insert(std::string_view token, int32_t id) {
  if (token.empty()) return;
  const uint64_t hash = hash_of(token);
  Slot& slot = slots_[place_of(token, hash)];
  if (slot.length == 0) {
    slot = {hash, static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(token.size()), id};
    bytes_ += token;
    longest_ = std::max(longest_, token.size());
  }
  slot.id = id;
}

std::optional<int32_t> TokenTable::find(std::string_view token) const {
  const Slot& slot = slots_[place_of(token, hash_of(token))];
  return slot.length == 0 ? std::nullopt : std::optional(slot.id);
}

TokenTable::Match TokenTable::longest_prefix(std::string_view text) const {
  // Most words are one token.
  if (text.size() <= longest_)
    if (const auto id = find(text)) return {text.size(), *id};
  Match best;
  uint64_t hash = kEmptyHash;
  for (size_t length = 1; length <= std::min(text.size(), longest_); ++length) {
    hash = extend_hash(hash, static_cast<unsigned char>(text[length - 1]));
    const Slot& slot = slots_[place_of(text.substr(0, length), hash)];
    if (slot.length != 0) best = {length, slot.id};
  }
  return best;
}

WordPiece::WordPiece(std::span<const VocabularyEntry> vocabulary, const WordPieceOptions& options)
    : first_(vocabulary.size()),
      next_(vocabulary.size()),
      max_input_chars_per_word_(options.max_input_chars_per_word) {
  const std::string& prefix = options.continuing_subword_prefix;
  for (const auto& [token, id] : vocabulary) {
    first_.insert(token, id);
    if (token.starts_with(prefix)) next_.insert(std::string_view(token).substr(prefix.size()), id);
  }
  const auto unknown = first_.find(options.unk_token);
  if (!unknown)
    throw std::invalid_argument(
        fmt::format("the vocabulary of {} tokens lacks the unknown token '{}'; add it, or name the "
                    "right one as unk_token",
                    vocabulary.size(), options.unk_token));
  unknown_id_ = *unknown;
}

void WordPiece::append_ids(std::string_view word, std::vector<int32_t>& ids) const {
  const size_t begin = ids.size();
  const bool too_long = word.size() > max_input_chars_per_word_ &&
                        count_code_points(word) > max_input_chars_per_word_;
  if (too_long) return ids.push_back(unknown_id_);
  const TokenTable* table = &first_;
  while (!word.empty()) {
    const TokenTable::Match match = table->longest_prefix(word);
    if (match.length == 0) {
      ids.resize(begin);
      return ids.push_back(unknown_id_);
    }
    ids.push_back(match.id);
    word.remove_prefix(match.length);
    table = &next_;
  }
}

}  // namespace lambdaforge::models
