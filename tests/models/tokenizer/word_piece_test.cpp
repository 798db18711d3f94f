#include "models/tokenizer/word_piece.h"

#include <gtest/gtest.h>

namespace lambdaforge::models {
namespace {

const std::vector<VocabularyEntry> kVocabulary = {{"[UNK]", 0},  {"un", 1},      {"##aff", 2},
                                                  {"##able", 3}, {"##a", 4},     {"una", 5},
                                                  {"\u4e2d", 6}, {"##\u4e2d", 7}};

std::vector<int32_t> ids(std::string_view word, const WordPieceOptions& options = {}) {
  std::vector<int32_t> found;
  WordPiece(kVocabulary, options).append_ids(word, found);
  return found;
}

using Ids = std::vector<int32_t>;

TEST(WordPiece, TakesTheLongestTokenEachTime) {
  EXPECT_EQ(ids("un"), (Ids{1}));
  EXPECT_EQ(ids("unable"), (Ids{0})) << "'una' is longer than 'un', and nothing continues it";
  EXPECT_EQ(ids("unaffable"), (Ids{0}));
  EXPECT_EQ(ids("unun"), (Ids{0})) << "a token that starts words does not continue them";
  EXPECT_EQ(ids("unaa"), (Ids{5, 4}));
  EXPECT_EQ(ids("unaaff"), (Ids{5, 2}));
  EXPECT_EQ(ids("\u4e2d\u4e2d"), (Ids{6, 7}));
}

TEST(WordPiece, LeavesNothingOfAWordItCannotFinish) {
  Ids found = {9};
  WordPiece(kVocabulary, {}).append_ids("unaaz", found);
  EXPECT_EQ(found, (Ids{9, 0}));
}

TEST(WordPiece, CountsCharactersNotBytes) {
  const WordPieceOptions options = {.max_input_chars_per_word = 3};
  EXPECT_EQ(ids("\u4e2d\u4e2d\u4e2d", options), (Ids{6, 7, 7}));
  EXPECT_EQ(ids("unaa", options), (Ids{0}));
}

TEST(WordPiece, ContinuesWithThePrefixItIsGiven) {
  EXPECT_EQ(ids("unun", {.continuing_subword_prefix = ""}), (Ids{1, 1}));
}

TEST(WordPiece, NeedsItsUnknownToken) {
  EXPECT_THROW(WordPiece(kVocabulary, {.unk_token = "<unk>"}), std::invalid_argument);
}

TEST(TokenTable, KeepsTheLastIdOfAToken) {
  TokenTable table(2);
  table.insert("a", 1);
  table.insert("a", 2);
  EXPECT_EQ(table.find("a"), 2);
  EXPECT_EQ(table.find("b"), std::nullopt);
  EXPECT_EQ(table.longest_prefix("b").length, 0u);
}

TEST(TokenTable, FindsEveryTokenOfALargeVocabulary) {
  constexpr int32_t kTokens = 10000;
  TokenTable table(kTokens);
  for (int32_t id = 0; id < kTokens; ++id) table.insert("token" + std::to_string(id), id);
  for (int32_t id = 0; id < kTokens; ++id) EXPECT_EQ(table.find("token" + std::to_string(id)), id);
}

}  // namespace
}  // namespace lambdaforge::models
