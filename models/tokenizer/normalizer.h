// The text as BERT sees it: cleaned, ideographs apart, accents off, lower case.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lambdaforge::models {

// Names and defaults of BertNormalizer in tokenizer.json.
struct NormalizerOptions {
  bool clean_text = true;             // drop control characters, make all white space a space
  bool handle_chinese_chars = true;   // a space on both sides of each ideograph
  std::optional<bool> strip_accents;  // nullopt: as lowercase
  bool lowercase = true;

  bool strips_accents() const { return strip_accents.value_or(lowercase); }
};

class Normalizer {
 public:
  explicit Normalizer(const NormalizerOptions& options);

  // Appends the normal form of `text` (checked UTF-8) to `normalized`. Thread-safe.
  void append_normalized(std::string_view text, std::string& normalized) const;

 private:
  NormalizerOptions options_;
  std::array<char, 128> ascii_;  // what becomes of each ASCII character
};

}  // namespace lambdaforge::models
