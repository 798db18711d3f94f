#include "models/tokenizer/character_properties.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace lambdaforge::models {
namespace {

constexpr int kCategoryVersion = 8;
constexpr int kNormalizationVersion = 9;
constexpr char32_t kTableSize = 0x10000;

struct CodePointRange {
  char32_t first;
  char32_t last;
};

// Extension E starts at 2B820; the peer writes 2B920, and the ids must be the peer's.
constexpr CodePointRange kIdeographs[] = {
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
    {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

// Cased letters that came after Unicode 15, the version of the oldest ICU we meet.
struct LowercaseRange {
  CodePointRange upper;
  char32_t lower;  // of upper.first
};
constexpr LowercaseRange kNewLowercase[] = {
    {{0x1C89, 0x1C89}, 0x1C8A},   {{0xA7CB, 0xA7CB}, 0x0264}, {{0xA7CC, 0xA7CC}, 0xA7CD},
    {{0xA7CE, 0xA7CE}, 0xA7CF},   {{0xA7D2, 0xA7D2}, 0xA7D3}, {{0xA7D4, 0xA7D4}, 0xA7D5},
    {{0xA7DA, 0xA7DA}, 0xA7DB},   {{0xA7DC, 0xA7DC}, 0x019B}, {{0x10D50, 0x10D65}, 0x10D70},
    {{0x16EA0, 0x16EB8}, 0x16EBB}};

bool contains(CodePointRange range, char32_t code_point) {
  return code_point >= range.first && code_point <= range.last;
}

bool assigned_in(char32_t code_point, int version) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(code_point), age);
  return age[0] != 0 && age[0] <= version;
}

// The general category in Unicode 8: the few that have changed since, then ICU's.
UCharCategory category(char32_t code_point) {
  switch (code_point) {
    case 0x166D:
    case 0x111C9:
      return U_OTHER_PUNCTUATION;
    case 0x1734:
      return U_NON_SPACING_MARK;
    case 0x1885:
    case 0x1886:
      return U_OTHER_LETTER;
    case 0xA9BD:
      return U_COMBINING_SPACING_MARK;
    default:
      return assigned_in(code_point, kCategoryVersion)
                 ? static_cast<UCharCategory>(u_charType(static_cast<UChar32>(code_point)))
                 : U_UNASSIGNED;
  }
}

bool is_control(char32_t code_point, uint32_t category_mask) {
  if (code_point == '\t' || code_point == '\n' || code_point == '\r') return false;
  return code_point == 0 || code_point == 0xFFFD ||
         (category_mask & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK));
}

bool is_punctuation(char32_t code_point, uint32_t category_mask) {
  const bool ascii = code_point < 0x80;
  return (category_mask & U_GC_P_MASK) || (ascii && (category_mask & U_GC_S_MASK));
}

const icu::Normalizer2& nfd() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* instance = icu::Normalizer2::getNFDInstance(error);
  if (U_FAILURE(error))
    throw std::runtime_error(std::string("ICU has no NFD data: ") + u_errorName(error));
  return *instance;
}

uint8_t compute_properties(char32_t code_point) {
  const auto icu_code_point = static_cast<UChar32>(code_point);
  const uint32_t mask = U_MASK(category(code_point));
  uint8_t properties = 0;
  if (is_control(code_point, mask)) properties |= kControl;
  if (u_isUWhiteSpace(icu_code_point)) properties |= kWhitespace;
  if (is_punctuation(code_point, mask)) properties |= kPunctuation;
  if (std::ranges::any_of(kIdeographs, [&](auto range) { return contains(range, code_point); }))
    properties |= kIdeograph;
  if (mask & U_GC_MN_MASK) properties |= kNonspacingMark;
  if (assigned_in(code_point, kNormalizationVersion)) {
    icu::UnicodeString ignored;
    if (nfd().getDecomposition(icu_code_point, ignored)) properties |= kDecomposes;
    if (u_getCombiningClass(icu_code_point) != 0) properties |= kReorders;
  }
  if (lowercase(code_point) != code_point) properties |= kUppercase;
  return properties;
}

using PropertyTable = std::array<uint8_t, kTableSize>;

const PropertyTable& property_table() {
  static const std::unique_ptr<const PropertyTable> table = [] {
    auto filled = std::make_unique<PropertyTable>();
    for (char32_t code_point = 0; code_point < kTableSize; ++code_point)
      (*filled)[code_point] = compute_properties(code_point);
    return filled;
  }();
  return *table;
}

}  // namespace

uint8_t character_properties(char32_t code_point) {
  return code_point < kTableSize ? property_table()[code_point] : compute_properties(code_point);
}

std::u32string canonical_decomposition(char32_t code_point) {
  icu::UnicodeString utf16;
  if (!nfd().getDecomposition(static_cast<UChar32>(code_point), utf16)) return {code_point};
  std::u32string decomposition;
  for (int32_t at = 0; at < utf16.length(); at = utf16.moveIndex32(at, 1))
    decomposition.push_back(static_cast<char32_t>(utf16.char32At(at)));
  return decomposition;
}

uint8_t combining_class(char32_t code_point) {
  return u_getCombiningClass(static_cast<UChar32>(code_point));
}

char32_t lowercase(char32_t code_point) {
  for (const auto& [upper, lower] : kNewLowercase)
    if (contains(upper, code_point)) return lower + (code_point - upper.first);
  return static_cast<char32_t>(u_tolower(static_cast<UChar32>(code_point)));
}

bool is_word_character(char32_t code_point) {
  const auto icu_code_point = static_cast<UChar32>(code_point);
  return u_hasBinaryProperty(icu_code_point, UCHAR_ALPHABETIC) ||
         u_hasBinaryProperty(icu_code_point, UCHAR_JOIN_CONTROL) ||
         (U_GET_GC_MASK(icu_code_point) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK));
}

}  // namespace lambdaforge::models
