// Normalized text into words: white space parts them, each punctuation mark is a word of its own.
#pragma once

#include <string_view>

#include "models/tokenizer/character_properties.h"
#include "models/tokenizer/unicode_text.h"

namespace lambdaforge::models {

// Calls on_word(std::string_view) for each word of `text` (checked UTF-8), in order, never empty.
template <class OnWord>
void for_each_word(std::string_view text, OnWord&& on_word) {
  size_t word = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const uint8_t properties = character_properties(next_code_point(text, at));
    if (!(properties & (kWhitespace | kPunctuation))) continue;
    if (begin > word) on_word(text.substr(word, begin - word));
    if (properties & kPunctuation) on_word(text.substr(begin, at - begin));
    word = at;
  }
  if (text.size() > word) on_word(text.substr(word));
}

}  // namespace lambdaforge::models
