#include "models/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <thread>

#include "tests/models/tokenizer/tokenizer_directory.h"

namespace lambdaforge::models {
namespace {

using Ids = std::vector<int32_t>;
using Json = nlohmann::ordered_json;

Tokenizer load_changed(const Json& tokenizer) {
  const auto directory = scratch_directory("changed");
  write_text(directory / "tokenizer.json", tokenizer.dump());
  return Tokenizer::load(directory);
}

// The message of the std::invalid_argument that loading throws.
std::string refusal(const Json& tokenizer) {
  try {
    load_changed(tokenizer);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Tokenizer, EncodesTheWholeText) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  EXPECT_EQ(tokenizer.encode("The CATS, na\u00efve the cat the cat"),
            (Ids{5, 6, 7, 1, 8, 5, 6, 5, 6}))
      << "the file's own truncation and padding count for nothing";
  EXPECT_EQ(tokenizer.encode(""), Ids{});
  EXPECT_EQ(tokenizer.encode(" \u3000\n"), Ids{});
}

TEST(Tokenizer, TakesAddedTokensOutOfTheText) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  EXPECT_EQ(tokenizer.encode("cat[SEP]s"), (Ids{6, 3, 1}));
  EXPECT_EQ(tokenizer.encode("[sep]"), (Ids{1, 1, 1})) << "special tokens keep their case";
  EXPECT_EQ(tokenizer.encode("the n\u00c9w york cat"), (Ids{5, 11, 6})) << "in normalized text";
  EXPECT_EQ(tokenizer.encode("new yorks"), (Ids{9, 10, 7})) << "only as a word of its own";
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  EXPECT_THROW(tokenizer.encode("cat \xff"), std::invalid_argument);
}

TEST(Tokenizer, AppendsPairsWithItsOwnSpecialTokens) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  TokenBatch batch;
  tokenizer.append_pair(tokenizer.encode("the"), tokenizer.encode("cats cats"), 6, batch);
  EXPECT_EQ(batch.ids, (Ids{2, 5, 3, 6, 7, 3}));
  EXPECT_EQ(batch.type_ids, (Ids{0, 0, 0, 1, 1, 1}));
}

TEST(Tokenizer, GivesThreadsTheSameIds) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  const std::string text = "the na\u00efve cats of new york [SEP] \u4e2d";
  const Ids expected = tokenizer.encode(text);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat) EXPECT_EQ(tokenizer.encode(text), expected);
    });
}

TEST(Tokenizer, KnowsItsSizes) {
  const Tokenizer tokenizer = Tokenizer::load(small_tokenizer_directory());
  EXPECT_EQ(tokenizer.vocab_size(), 11 + 1) << "the added token has the highest id";
  EXPECT_EQ(tokenizer.model_max_length(), 512);
  EXPECT_EQ(load_changed(small_tokenizer_json()).model_max_length(),
            std::numeric_limits<int64_t>::max());
}

TEST(Tokenizer, ReadsTheWayTransformersSaysUnlimited) {
  const auto directory = small_tokenizer_directory();
  write_text(directory / "tokenizer_config.json",
             R"({"model_max_length": 1000000000000000019884624838656})");
  EXPECT_EQ(Tokenizer::load(directory).model_max_length(), std::numeric_limits<int64_t>::max());
}

TEST(Tokenizer, FollowsTheNormalizerOptions) {
  Json cased = small_tokenizer_json();
  cased["normalizer"]["lowercase"] = false;
  EXPECT_EQ(load_changed(cased).encode("The cat"), (Ids{1, 6}));
}

TEST(Tokenizer, TakesSpecialIdsFromEitherPostProcessor) {
  Json older = small_tokenizer_json();
  older["post_processor"] =
      Json::parse(R"({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]})");
  Json none = small_tokenizer_json();
  none["post_processor"] = nullptr;
  for (const Json& tokenizer : {older, none}) {
    TokenBatch batch;
    load_changed(tokenizer).append_pair({}, {}, 8, batch);
    EXPECT_EQ(batch.ids, (Ids{2, 3, 3}));
  }
}

TEST(Tokenizer, FingerprintChangesWithWhatDecidesIds) {
  const std::string original = load_changed(small_tokenizer_json()).fingerprint();
  Json same = small_tokenizer_json();
  same["truncation"] = nullptr;
  same["normalizer"]["strip_accents"] = true;  // null followed lowercase, which is true
  EXPECT_EQ(load_changed(same).fingerprint(), original);

  std::vector<Json> changes(6, small_tokenizer_json());
  changes[0]["normalizer"]["lowercase"] = false;
  changes[1]["model"]["vocab"]["dog"] = 12;
  changes[2]["model"]["vocab"]["cat"] = 12;
  changes[3]["added_tokens"][2]["single_word"] = false;
  changes[4]["model"]["max_input_chars_per_word"] = 50;
  changes[5]["post_processor"]["special_tokens"]["[SEP]"]["ids"][0] = 4;
  for (const Json& changed : changes) EXPECT_NE(load_changed(changed).fingerprint(), original);
}

TEST(Tokenizer, NamesTheTokenizerItCannotBe) {
  Json tokenizer = small_tokenizer_json();
  tokenizer["model"] = Json::parse(R"({"type": "BPE", "vocab": {"a": 0}, "merges": []})");
  EXPECT_NE(refusal(tokenizer).find("its model is BPE"), std::string::npos) << refusal(tokenizer);
  tokenizer["model"] = Json::parse(R"({"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.5]]})");
  EXPECT_NE(refusal(tokenizer).find("its model is Unigram"), std::string::npos);
  tokenizer["model"] = Json::parse(R"({"vocab": {"a": 0}, "merges": []})");
  EXPECT_NE(refusal(tokenizer).find("its model is BPE"), std::string::npos) << "by its keys alone";
}

TEST(Tokenizer, SaysWhichPartItDoesNotKnow) {
  for (const char* part : {"normalizer", "pre_tokenizer"}) {
    Json tokenizer = small_tokenizer_json();
    tokenizer[part]["type"] = "Metaspace";
    EXPECT_NE(refusal(tokenizer).find(std::string("its ") + part + " is Metaspace"),
              std::string::npos);
    tokenizer[part] = nullptr;
    EXPECT_NE(refusal(tokenizer).find("missing"), std::string::npos);
  }
  Json roberta_pair = small_tokenizer_json();
  roberta_pair["post_processor"]["pair"][3]["Sequence"]["type_id"] = 0;
  EXPECT_NE(refusal(roberta_pair).find("post_processor"), std::string::npos);
}

TEST(Tokenizer, RefusesBrokenVocabularies) {
  Json tokenizer = small_tokenizer_json();
  tokenizer["model"]["unk_token"] = "<unk>";
  EXPECT_NE(refusal(tokenizer).find("'<unk>'"), std::string::npos);
  for (const Json& id : {Json(-1), Json("six"), Json(int64_t{1} << 40)}) {
    tokenizer = small_tokenizer_json();
    tokenizer["model"]["vocab"]["cat"] = id;
    EXPECT_NE(refusal(tokenizer).find("'cat'"), std::string::npos) << refusal(tokenizer);
  }
}

TEST(Tokenizer, RefusesMalformedFiles) {
  const auto directory = small_tokenizer_directory();
  write_text(directory / "tokenizer_config.json", R"({"model_max_length": 0})");
  EXPECT_THROW(Tokenizer::load(directory), std::invalid_argument);
  write_text(directory / "tokenizer_config.json", "[]");
  EXPECT_THROW(Tokenizer::load(directory), std::invalid_argument);
  write_text(directory / "tokenizer.json", "{\"model\": ");
  EXPECT_THROW(Tokenizer::load(directory), std::invalid_argument);
  write_text(directory / "tokenizer.json", "[1]");
  EXPECT_THROW(Tokenizer::load(directory), std::invalid_argument);
}

TEST(Tokenizer, SaysWhatADirectoryWithoutTokenizerHolds) {
  const auto directory = scratch_directory("other");
  write_text(directory / "vocab.json", "{}");
  write_text(directory / "merges.txt", "");
  try {
    Tokenizer::load(directory);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("BPE"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("merges.txt"), std::string::npos) << error.what();
  }
  EXPECT_THROW(Tokenizer::load(directory / "absent"), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::models
