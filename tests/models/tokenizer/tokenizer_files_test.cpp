// Saving, and the older layout of vocab.txt and tokenizer_config.json.
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/files.h"
#include "models/tokenizer/tokenizer.h"
#include "tests/models/tokenizer/tokenizer_directory.h"

namespace lambdaforge::models {
namespace {

using Ids = std::vector<int32_t>;
using Json = nlohmann::ordered_json;

const char* const kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\r\ncat\n##s\nThe\nnaive";

std::filesystem::path older_directory(const std::string& config) {
  const auto directory = scratch_directory("older");
  write_text(directory / "vocab.txt", kVocabulary);
  write_text(directory / "tokenizer_config.json", config);
  return directory;
}

Json read_json(const std::filesystem::path& path) {
  return Json::parse(read_file(path));
}

TEST(SavedTokenizer, LoadsAsTheSameTokenizer) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  const auto directory = scratch_directory("saved");
  tokenizer.save(directory);
  const Tokenizer again = Tokenizer::load(directory);
  EXPECT_EQ(again.fingerprint(), tokenizer.fingerprint());
  EXPECT_EQ(again.model_max_length(), tokenizer.model_max_length());
  EXPECT_EQ(again.vocab_size(), tokenizer.vocab_size());
}

TEST(SavedTokenizer, KeepsTheContentButTruncationAndPadding) {
  const auto directory = scratch_directory("saved");
  Tokenizer::load(small_tokenizer_directory()).save(directory);
  Json expected = small_tokenizer_json();
  expected["truncation"] = nullptr;
  expected["padding"] = nullptr;
  EXPECT_EQ(read_json(directory / "tokenizer.json"), expected);
}

TEST(SavedTokenizer, SaysTheSameInAllItsFiles) {
  Json cased = small_tokenizer_json();
  cased["normalizer"]["lowercase"] = false;
  cased["normalizer"]["strip_accents"] = true;
  const auto source = scratch_directory("source");
  write_text(source / "tokenizer.json", cased.dump());
  write_text(source / "tokenizer_config.json", R"({"do_lower_case": true, "keep": "me"})");
  const auto directory = scratch_directory("saved");
  Tokenizer::load(source).save(directory);

  const Json config = read_json(directory / "tokenizer_config.json");
  EXPECT_EQ(config["do_lower_case"], false);
  EXPECT_EQ(config["strip_accents"], true);
  EXPECT_EQ(config["tokenize_chinese_chars"], true);
  EXPECT_EQ(config["tokenizer_class"], "BertTokenizer");
  EXPECT_EQ(config["keep"], "me");
  EXPECT_EQ(config["added_tokens_decoder"]["11"]["content"], "New York");
  const Json special = read_json(directory / "special_tokens_map.json");
  EXPECT_EQ(special, Json::parse(R"({"unk_token": "[UNK]", "sep_token": "[SEP]",
      "cls_token": "[CLS]", "pad_token": "[PAD]", "mask_token": "[MASK]"})"));
  EXPECT_EQ(read_file(directory / "vocab.txt").substr(0, 12), "[PAD]\n[UNK]\n");
}

TEST(SavedTokenizer, LeavesAnEmptyLineForAMissingId) {
  Json tokenizer = small_tokenizer_json();
  tokenizer["model"]["vocab"]["york"] = 12;
  const auto source = scratch_directory("source");
  write_text(source / "tokenizer.json", tokenizer.dump());
  const auto directory = scratch_directory("saved");
  Tokenizer::load(source).save(directory);
  EXPECT_TRUE(read_file(directory / "vocab.txt").ends_with("new\n\n\nyork\n"));
  std::filesystem::remove(directory / "tokenizer.json");
  EXPECT_EQ(Tokenizer::load(directory).encode("york"), (Ids{12}));
}

TEST(SavedTokenizer, ReportsAFolderThatIsNotThere) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  EXPECT_THROW(tokenizer.save(scratch_directory("saved") / "absent"), std::runtime_error);
}

TEST(OlderLayout, LowersByDefault) {
  const Tokenizer tokenizer = Tokenizer::load(older_directory("{}"));
  EXPECT_EQ(tokenizer.encode("The na\u00efve cats [SEP]"), (Ids{5, 9, 6, 7, 3}));
  EXPECT_EQ(tokenizer.vocab_size(), 10);
}

TEST(OlderLayout, FollowsTheConfig) {
  const auto directory = older_directory(R"({"do_lower_case": false, "model_max_length": 128})");
  const Tokenizer tokenizer = Tokenizer::load(directory);
  EXPECT_EQ(tokenizer.encode("The na\u00efve"), (Ids{8, 1}));
  EXPECT_EQ(tokenizer.model_max_length(), 128);
}

TEST(OlderLayout, ReadsAddedTokensWhereverTheyStand) {
  const std::string decoder = R"({"added_tokens_decoder": {"10": {"content": "<q>",
      "lstrip": true, "normalized": false, "special": true}}})";
  EXPECT_EQ(Tokenizer::load(older_directory(decoder)).encode("cat <q>"), (Ids{6, 10}));
  const std::string list = R"({"additional_special_tokens": ["<q>", {"content": "the"}]})";
  EXPECT_EQ(Tokenizer::load(older_directory(list)).encode("<q>cathe"), (Ids{10, 1, 5}));
  const auto directory = older_directory("{}");
  write_text(directory / "added_tokens.json", R"({"<Q>": 10})");
  EXPECT_EQ(Tokenizer::load(directory).encode("cat <q>"), (Ids{6, 10}));
}

TEST(OlderLayout, ReadsTheSpecialTokensMap) {
  const auto directory = scratch_directory("renamed");
  write_text(directory / "vocab.txt", "<pad>\n<unk>\n<s>\n</s>\ncat\n");
  write_text(directory / "special_tokens_map.json",
             R"({"cls_token": "<s>", "sep_token": {"content": "</s>"}, "unk_token": "<unk>"})");
  const Tokenizer tokenizer = Tokenizer::load(directory);
  TokenBatch batch;
  tokenizer.append_pair(tokenizer.encode("cat"), tokenizer.encode("dog</s>"), 16, batch);
  EXPECT_EQ(batch.ids, (Ids{2, 4, 3, 1, 3, 3}));
}

TEST(OlderLayout, SavesWithTheSameIds) {
  const Tokenizer tokenizer = Tokenizer::load(older_directory(R"({"strip_accents": false})"));
  const auto directory = scratch_directory("saved");
  tokenizer.save(directory);
  EXPECT_EQ(Tokenizer::load(directory).fingerprint(), tokenizer.fingerprint());
  EXPECT_EQ(read_json(directory / "tokenizer.json")["truncation"], nullptr);
}

TEST(OlderLayout, RefusesOtherTokenizers) {
  EXPECT_THROW(Tokenizer::load(older_directory(R"({"tokenizer_class": "MPNetTokenizer"})")),
               std::invalid_argument);
  const auto directory = scratch_directory("incomplete");
  write_text(directory / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\ncat\n");
  try {
    Tokenizer::load(directory);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("[SEP]"), std::string::npos) << error.what();
  }
  write_text(directory / "vocab.txt", "[PAD]\n\xff\n");
  EXPECT_THROW(Tokenizer::load(directory), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::models
