#include "models/tokenizer/added_tokens.h"

#include <algorithm>

#include "models/tokenizer/character_properties.h"
#include "models/tokenizer/unicode_text.h"

namespace lambdaforge::models {
namespace {

bool is_whitespace(char32_t code_point) {
  return character_properties(code_point) & kWhitespace;
}

bool touches_word(std::string_view text, size_t begin, size_t end) {
  if (begin > 0 && is_word_character(previous_code_point(text, begin))) return true;
  return end < text.size() && is_word_character(next_code_point(text, end));
}

size_t skip_whitespace_back(std::string_view text, size_t at) {
  while (at > 0) {
    const char32_t code_point = previous_code_point(text, at);
    if (!is_whitespace(code_point)) break;
    at -= U8_LENGTH(code_point);
  }
  return at;
}

size_t skip_whitespace(std::string_view text, size_t at) {
  for (size_t next = at; next < text.size(); at = next)
    if (!is_whitespace(next_code_point(text, next))) break;
  return at;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const AddedToken& token) { return token.content.empty(); });
  std::ranges::stable_sort(tokens_, std::ranges::greater{},
                           [](const AddedToken& token) { return token.content.size(); });
  for (size_t place = 0; place < tokens_.size(); ++place) {
    const char first_byte = tokens_[place].content.front();
    auto& places = by_first_byte_[static_cast<unsigned char>(first_byte)];
    if (places.empty()) first_bytes_.push_back(first_byte);
    places.push_back(place);
  }
}

const AddedToken* AddedTokenMatcher::longest_at(std::string_view text, size_t at) const {
  const std::string_view rest = text.substr(at);
  for (const size_t place : by_first_byte_[static_cast<unsigned char>(rest.front())])
    if (rest.starts_with(tokens_[place].content)) return &tokens_[place];
  return nullptr;
}

size_t AddedTokenMatcher::next_candidate(std::string_view text, size_t from) const {
  // BERT's own tokens all begin with '[': one memchr.
  if (first_bytes_.size() == 1) return std::min(text.find(first_bytes_[0], from), text.size());
  while (from < text.size() && by_first_byte_[static_cast<unsigned char>(text[from])].empty())
    ++from;
  return from;
}

std::optional<AddedTokenMatcher::Match> AddedTokenMatcher::next_match(std::string_view text,
                                                                      size_t from) const {
  if (tokens_.empty()) return std::nullopt;
  for (size_t at = next_candidate(text, from); at < text.size(); at = next_candidate(text, at)) {
    const AddedToken* token = longest_at(text, at);
    if (!token) {
      ++at;
      continue;
    }
    const size_t end = at + token->content.size();
    // A match refused here still uses up its characters, as in the peer.
    if (token->single_word && touches_word(text, at, end)) {
      at = end;
      continue;
    }
    return Match{.begin = token->lstrip ? skip_whitespace_back(text, at) : at,
                 .end = token->rstrip ? skip_whitespace(text, end) : end,
                 .resume = end,
                 .id = token->id};
  }
  return std::nullopt;
}

}  // namespace lambdaforge::models
