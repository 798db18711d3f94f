// What the tokenizer must know about one code point, in the Unicode versions of the peer.
//
// Hugging Face's `tokenizers` takes its categories from a Unicode 8 table, its decompositions from
// Unicode 9 and its lower case from Unicode 17. ICU knows when a code point was assigned, so one
// newer than a table counts as unassigned there, whatever ICU's own version is.
#pragma once

#include <cstdint>
#include <string>

namespace lambdaforge::models {

enum CharacterProperty : uint8_t {
  kControl = 1 << 0,         // Cc, Cf, Co but not tab, line feed, carriage return; U+0000, U+FFFD
  kWhitespace = 1 << 1,      // White_Space
  kPunctuation = 1 << 2,     // P*, and every ASCII character that is neither letter nor digit
  kIdeograph = 1 << 3,       // the CJK blocks that BERT isolates
  kNonspacingMark = 1 << 4,  // Mn
  kDecomposes = 1 << 5,      // has a canonical decomposition
  kReorders = 1 << 6,        // canonical combining class other than 0
  kUppercase = 1 << 7,       // differs from its lower case
};

// The set of properties; a table look-up below U+10000.
uint8_t character_properties(char32_t code_point);

// Full canonical decomposition of a code point that kDecomposes, in canonical order.
std::u32string canonical_decomposition(char32_t code_point);

// Canonical combining class of a code point that kReorders: 1 to 254.
uint8_t combining_class(char32_t code_point);

// The single-character lower case. U+0130, the only one with two, gives its first: 'i'.
char32_t lowercase(char32_t code_point);

// Whether regular expressions count it into \w (Unicode TS 18, annex C).
bool is_word_character(char32_t code_point);

}  // namespace lambdaforge::models
