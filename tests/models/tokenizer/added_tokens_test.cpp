#include "models/tokenizer/added_tokens.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

namespace lambdaforge::models {
namespace {

// The pieces of `text`, a found token as "<id>".
std::vector<std::string> pieces(std::vector<AddedToken> tokens, std::string_view text) {
  std::vector<std::string> found;
  AddedTokenMatcher(std::move(tokens))
      .split(
          text, [&](std::string_view piece) { found.emplace_back(piece); },
          [&](int32_t id) { found.push_back(fmt::format("<{}>", id)); });
  return found;
}

using Pieces = std::vector<std::string>;

TEST(AddedTokens, AreFoundInsideWords) {
  const std::vector<AddedToken> tokens = {{.content = "[SEP]", .id = 2}};
  EXPECT_EQ(pieces(tokens, "a[SEP]b"), (Pieces{"a", "<2>", "b"}));
  EXPECT_EQ(pieces(tokens, "[SEP][SEP]"), (Pieces{"<2>", "<2>"}));
  EXPECT_EQ(pieces(tokens, "[sep] [SEP"), (Pieces{"[sep] [SEP"}));
  EXPECT_EQ(pieces(tokens, ""), Pieces{});
  EXPECT_EQ(pieces({}, "a"), Pieces{"a"});
}

TEST(AddedTokens, PreferTheLeftmostThenTheLongest) {
  const std::vector<AddedToken> tokens = {
      {.content = "ab", .id = 1}, {.content = "abc", .id = 2}, {.content = "bcdef", .id = 3}};
  EXPECT_EQ(pieces(tokens, "abcdef"), (Pieces{"<2>", "def"}));
  EXPECT_EQ(pieces(tokens, "abdef"), (Pieces{"<1>", "def"}));
}

TEST(AddedTokens, TakeWhitespaceAlong) {
  const std::vector<AddedToken> left = {{.content = "x", .id = 1, .lstrip = true}};
  const std::vector<AddedToken> right = {{.content = "x", .id = 1, .rstrip = true}};
  EXPECT_EQ(pieces(left, "a \u3000x b"), (Pieces{"a", "<1>", " b"}));
  EXPECT_EQ(pieces(right, "a x\u3000 b"), (Pieces{"a ", "<1>", "b"}));
  EXPECT_EQ(pieces(right, "x "), Pieces{"<1>"});
}

TEST(AddedTokens, RefuseNeighboursWhenTheyMustStandAlone) {
  const std::vector<AddedToken> tokens = {{.content = "x", .id = 1, .single_word = true}};
  EXPECT_EQ(pieces(tokens, "ax x-xb _x \u00e9x x"),
            (Pieces{"ax ", "<1>", "-xb _x \u00e9x ", "<1>"}));
}

}  // namespace
}  // namespace lambdaforge::models
