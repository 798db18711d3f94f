#include "models/tokenizer/normalizer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "models/tokenizer/character_properties.h"
#include "models/tokenizer/unicode_text.h"

namespace lambdaforge::models {
namespace {

constexpr char kDropped = '\x80';  // no ASCII character

bool is_ascii_byte(char byte) {
  return static_cast<unsigned char>(byte) < 0x80;
}

char normal_form(char character, const NormalizerOptions& options) {
  const uint8_t properties = character_properties(static_cast<char32_t>(character));
  if (options.clean_text && (properties & kControl)) return kDropped;
  if (options.clean_text && (properties & kWhitespace)) return ' ';
  if (options.lowercase && (properties & kUppercase)) return static_cast<char>(character + 32);
  return character;
}

// The characters beyond ASCII, one by one: clean, space, decompose, order, strip, lower.
class CodePointNormalizer {
 public:
  CodePointNormalizer(const NormalizerOptions& options, std::string& out)
      : options_(options), strip_accents_(options.strips_accents()), out_(out) {}

  void append(char32_t code_point) {
    const uint8_t properties = character_properties(code_point);
    if (options_.clean_text && (properties & kControl)) return;
    if (options_.clean_text && (properties & kWhitespace)) return append_space();
    const bool apart = options_.handle_chinese_chars && (properties & kIdeograph);
    if (apart) append_space();
    decompose(code_point, properties);
    if (apart) append_space();
  }

  // Writes the marks that waited for their order. Every character that is no such mark ends a run.
  void flush() {
    if (marks_.empty()) return;
    std::ranges::stable_sort(marks_, {}, &Mark::first);
    for (const auto& [ignored, mark] : marks_) lower(mark, character_properties(mark));
    marks_.clear();
  }

 private:
  using Mark = std::pair<uint8_t, char32_t>;  // combining class, code point

  void append_space() {
    flush();
    out_.push_back(' ');
  }

  void decompose(char32_t code_point, uint8_t properties) {
    if (!strip_accents_) return lower(code_point, properties);
    if (!(properties & kDecomposes)) return order_and_strip(code_point, properties);
    for (const char32_t part : canonical_decomposition(code_point))
      order_and_strip(part, character_properties(part));
  }

  // Stripped marks need no place in the order: the rest keeps its own without them.
  void order_and_strip(char32_t code_point, uint8_t properties) {
    const bool stripped = properties & kNonspacingMark;
    if (!(properties & kReorders)) {
      flush();
      if (!stripped) lower(code_point, properties);
    } else if (!stripped) {
      marks_.emplace_back(combining_class(code_point), code_point);
    }
  }

  void lower(char32_t code_point, uint8_t properties) {
    const bool lowered = options_.lowercase && (properties & kUppercase);
    append_utf8(lowered ? lowercase(code_point) : code_point, out_);
    // U+0130 is the one character whose lower case has two: i and a dot above.
    if (lowered && code_point == 0x130) append_utf8(0x307, out_);
  }

  const NormalizerOptions& options_;
  const bool strip_accents_;
  std::string& out_;
  std::vector<Mark> marks_;
};

}  // namespace

Normalizer::Normalizer(const NormalizerOptions& options) : options_(options) {
  for (size_t i = 0; i < ascii_.size(); ++i) ascii_[i] = normal_form(static_cast<char>(i), options);
}

void Normalizer::append_normalized(std::string_view text, std::string& normalized) const {
  CodePointNormalizer beyond_ascii(options_, normalized);
  normalized.reserve(normalized.size() + text.size());
  size_t at = 0;
  while (at < text.size()) {
    if (!is_ascii_byte(text[at])) {
      beyond_ascii.append(next_code_point(text, at));
      continue;
    }
    // A dropped character parts no marks, so it must not flush them.
    const char kept = ascii_[static_cast<unsigned char>(text[at++])];
    if (kept == kDropped) continue;
    beyond_ascii.flush();
    normalized.push_back(kept);
  }
  beyond_ascii.flush();
}

}  // namespace lambdaforge::models
