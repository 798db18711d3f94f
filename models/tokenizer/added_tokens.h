// Tokens that are found in the text as they stand, before any word is split: "[SEP]" gives its id.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lambdaforge::models {

// An entry of "added_tokens" in tokenizer.json.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // and behind it
  bool normalized = false;   // looked for in the normalized text, in its own normalized form
  bool special = false;
};

// Finds leftmost, then longest.
class AddedTokenMatcher {
 public:
  // `content` of each token is what is looked for; empty ones are never found.
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);

  // Cuts `text` (checked UTF-8) into on_text(std::string_view), never empty, and on_token(id).
  template <class OnText, class OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    size_t done = 0;
    size_t from = 0;
    while (const auto match = next_match(text, from)) {
      if (match->begin > done) on_text(text.substr(done, match->begin - done));
      on_token(match->id);
      done = match->end;
      from = match->resume;
    }
    if (done < text.size()) on_text(text.substr(done));
  }

 private:
  struct Match {
    size_t begin;   // with the white space that lstrip takes, the match before may have it already
    size_t end;     // with the white space that rstrip takes
    size_t resume;  // where the search goes on
    int32_t id;
  };

  // The first match at or behind `from`.
  std::optional<Match> next_match(std::string_view text, size_t from) const;
  const AddedToken* longest_at(std::string_view text, size_t at) const;
  size_t next_candidate(std::string_view text, size_t from) const;

  std::vector<AddedToken> tokens_;                      // longest first
  std::array<std::vector<size_t>, 256> by_first_byte_;  // places in tokens_
  std::string first_bytes_;                             // each once
};

}  // namespace lambdaforge::models
