#include "models/tokenizer/normalizer.h"

#include <gtest/gtest.h>

#include "models/tokenizer/pre_tokenizer.h"
#include "models/tokenizer/unicode_text.h"

namespace lambdaforge::models {
namespace {

std::string normalized(std::string_view text, const NormalizerOptions& options = {}) {
  std::string out;
  Normalizer(options).append_normalized(text, out);
  return out;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  for_each_word(text, [&](std::string_view word) { found.emplace_back(word); });
  return found;
}

TEST(Normalizer, DropsControlsAndMakesWhitespaceASpace) {
  using namespace std::string_view_literals;
  EXPECT_EQ(normalized("a\0b\x1f"
                       "c\x7f"
                       "d\ufffde\u200bf\u00adg"sv),
            "abcdefg");
  EXPECT_EQ(normalized("a\tb\nc\rd\u00a0e\u3000f\u2028g"), "a b c d e f g");
  EXPECT_EQ(normalized("a\u0085b\vc"), "abc") << "both are controls before they are white space";
}

TEST(Normalizer, KeepsWhatItIsToldToKeep) {
  EXPECT_EQ(normalized("a\tb\u200b", {.clean_text = false}), "a\tb\u200b");
  EXPECT_EQ(normalized("\u4e2da", {.handle_chinese_chars = false}), "\u4e2da");
  EXPECT_EQ(normalized("\u00c9a", {.lowercase = false}), "\u00c9a");
  EXPECT_EQ(normalized("\u00c9a", {.strip_accents = false}), "\u00e9a");
  EXPECT_EQ(normalized("\u00c9a", {.strip_accents = true, .lowercase = false}), "Ea");
}

TEST(Normalizer, SetsIdeographsApart) {
  EXPECT_EQ(normalized("a\u4e2d\u6587"), "a \u4e2d  \u6587 ");
  EXPECT_EQ(normalized("\U0002b8ff"), "\U0002b8ff") << "the peer's table leaves 2B820 to 2B91F out";
  EXPECT_EQ(normalized("\U0002b920"), " \U0002b920 ");
  EXPECT_EQ(normalized("\u3007\u30a2"), "\u3007\u30a2");
}

TEST(Normalizer, StripsAccentsWithoutComposingAgain) {
  EXPECT_EQ(normalized("Caf\u00e9 e\u0301"), "cafe e");
  EXPECT_EQ(normalized("\u30ac\u0439"), "\u30ab\u0438");
  EXPECT_EQ(normalized("\ud55c"), "\u1112\u1161\u11ab") << "Hangul stays jamo";
}

TEST(Normalizer, LowersEachCodePointAlone) {
  EXPECT_EQ(normalized("\u03a3\u0391\u03a3"), "\u03c3\u03b1\u03c3") << "no final sigma";
  EXPECT_EQ(normalized("\u0130"), "i");
  EXPECT_EQ(normalized("\u0130", {.strip_accents = false}), "i\u0307");
  EXPECT_EQ(normalized("\u1e9e"), "\u00df");
  EXPECT_EQ(normalized("\U00010d50"), "\U00010d70") << "cased since Unicode 16";
}

// U+1D165 (class 216) and U+302E (224) are no nonspacing marks, so they stay and take their order.
TEST(Normalizer, OrdersTheMarksThatStay) {
  const std::string ordered = "a\U0001d165\u302e";
  EXPECT_EQ(normalized("a\u302e\U0001d165"), ordered);
  EXPECT_EQ(normalized("a\u302e\u0001\U0001d165"), ordered) << "a dropped character parts nothing";
  EXPECT_EQ(normalized("a\u302e-\U0001d165"), "a\u302e-\U0001d165");
}

TEST(Normalizer, TakesCategoriesFromUnicodeEight) {
  EXPECT_EQ(normalized("a\u08d4"), "a\u08d4") << "a mark since Unicode 9";
  EXPECT_EQ(normalized("a\u08e3"), "a") << "a mark since Unicode 8";
}

TEST(PreTokenizer, IsolatesPunctuationAndDropsWhitespace) {
  EXPECT_EQ(words("don't stop"), (std::vector<std::string>{"don", "'", "t", "stop"}));
  EXPECT_EQ(words(" a$b \u3000c\u3002\u20ac5 "),
            (std::vector<std::string>{"a", "$", "b", "c", "\u3002", "\u20ac5"}));
  EXPECT_EQ(words(" \t"), std::vector<std::string>{});
  EXPECT_EQ(words(""), std::vector<std::string>{});
}

TEST(CheckUtf8, NamesTheBadByte) {
  EXPECT_NO_THROW(check_utf8("a\u00e9\u4e2d\U0001f600"));
  const std::string_view bad[] = {"a\xff", "a\xc3", "a\xc0\xaf", "a\xed\xa0\x80",
                                  "a\xf4\x90\x80\x80"};
  for (const std::string_view text : bad) {
    try {
      check_utf8(text);
      ADD_FAILURE() << "accepted a text that is not UTF-8";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("byte 1 "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace lambdaforge::models
