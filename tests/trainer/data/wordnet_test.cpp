#include "trainer/data/wordnet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "tests/trainer/data/test_files.h"
#include "trainer/data/nano_beir_reader.h"
#include "trainer/data/wordnet_database.h"
#include "trainer/data/wordnet_usage.h"

namespace lambdaforge::trainer {
namespace {

constexpr const char* kLicense = "  1 Copyright somebody.  \n  2   \n  3 All yours.  \n";
constexpr const char* kData =
    "00000010 03 n 02 Bank 0 river_bank 1 000 | sloping land beside water; \"they sat on the "
    "bank\"; "
    "\"up the bank\"  \n"
    "00000020 03 n 01 bank(p) 2 000 | used as \"a bank\" in talk, as in: \"he banked on it\"  \n"
    "00000030 03 n 01 thing 0 000 | an entity  \n"
    "00000040 03 n 01 torn 0 000 | with a missing mark; \"it is torn\"; not quoted\"  \n";

std::filesystem::path write_database(const std::string& data, const std::string& index) {
  const auto folder = scratch_folder();
  write_text(folder / "data.noun", kLicense + data);
  write_text(folder / "index.noun", kLicense + index);
  return folder;
}

TEST(ReadWordnet, ReadsSynsetsGlossesAndSenses) {
  const auto folder = write_database(kData,
                                     "bank n 2 2 @ ~ 2 1 00000020 00000010  \n"
                                     "thing n 1 0 1 0 00000030  \n");
  const PartOfSpeech nouns = read_wordnet(folder, "noun", "noun");
  ASSERT_EQ(nouns.synsets.size(), 4u);
  const Synset& bank = nouns.synsets[0];
  EXPECT_EQ(bank.id, "noun-00000010");
  EXPECT_EQ(bank.lemmas, (std::vector<std::string>{"bank", "river_bank"}));
  EXPECT_EQ(bank.definition, "sloping land beside water");
  EXPECT_EQ(bank.examples, (std::vector<std::string>{"they sat on the bank", "up the bank"}));
  EXPECT_EQ(nouns.synsets[1].lemmas, std::vector<std::string>{"bank"});
  EXPECT_EQ(nouns.synsets[1].definition, "used as \"a bank\" in talk, as in");
  EXPECT_EQ(nouns.synsets[1].examples, std::vector<std::string>{"he banked on it"});
  EXPECT_EQ(nouns.synsets[2].definition, "an entity");
  EXPECT_TRUE(nouns.synsets[3].examples.empty());
  EXPECT_EQ(nouns.senses.at("bank"), (std::vector<size_t>{1, 0}));
  EXPECT_EQ(wordnet_license(folder), "Copyright somebody.\n\nAll yours.\n");
}

TEST(ReadWordnet, NamesTheLineThatIsNotWordnets) {
  const auto error = [](const std::string& data, const std::string& index) {
    return message_of<std::invalid_argument>(
        [&] { read_wordnet(write_database(data, index), "noun", "noun"); });
  };
  EXPECT_CONTAINS(error("hello", ""), "data.noun, line 4: no gloss");
  EXPECT_CONTAINS(error("00000010 03 n xy bank 0 | a", ""), "'xy' is no number");
  EXPECT_CONTAINS(error("00000010 03 n 02 bank 0 | a", ""), "the line ends too early");
  EXPECT_CONTAINS(error(kData, "bank n 1 0 1 0 00000099"), "no synset noun-00000099");
}

TEST(ContainsLemma, FindsWholeWordsAndRegularForms) {
  EXPECT_TRUE(contains_lemma("They sat on the BANK.", "bank"));
  EXPECT_TRUE(contains_lemma("he banked on it", "bank"));
  EXPECT_TRUE(contains_lemma("baking bread", "bake"));
  EXPECT_TRUE(contains_lemma("she baked bread", "bake"));
  EXPECT_TRUE(contains_lemma("they stopped", "stop"));
  EXPECT_TRUE(contains_lemma("he carries it", "carry"));
  EXPECT_TRUE(contains_lemma("two boxes", "box"));
  EXPECT_TRUE(contains_lemma("he chips away at it", "chip_away"));
  EXPECT_FALSE(contains_lemma("he chips it away", "chip_away"));
  EXPECT_FALSE(contains_lemma("bankruptcy looms", "bank"));
  EXPECT_FALSE(contains_lemma("embank it", "bank"));
  EXPECT_FALSE(contains_lemma("", "bank"));
}

TEST(DropAmbiguousUsages, DropsATextWithTwoMeaningsAndKeepsARepeatOnce) {
  const auto part_of = [](const std::string& name, const std::string& meaning) {
    const Synset synset{name + "-1", {"bank"}, meaning, {"he banked on it"}};
    const Synset other{name + "-2", {"sky"}, "what is above", {"the sky is blue"}};
    return UsageCollection(PartOfSpeech{name, {synset, other}, {}});
  };
  std::vector<UsageCollection> parts;
  parts.push_back(part_of("noun", "sloping land"));
  parts.push_back(part_of("verb", "to trust"));
  drop_ambiguous_usages(parts);
  ASSERT_EQ(parts[0].usages().size(), 1u);
  EXPECT_EQ(parts[0].usages()[0].text, "the sky is blue");
  EXPECT_TRUE(parts[1].usages().empty());
}

class PrepareWordnet : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kDatabase))
      GTEST_SKIP() << "no " << kDatabase << "; install the Debian package wordnet-base";
  }
  static constexpr const char* kDatabase = "/usr/share/wordnet/data.noun";
  static std::filesystem::path database() { return std::filesystem::path(kDatabase).parent_path(); }
};

const std::string& text_of(const evaluators::RankingSet& set, const std::string& id) {
  return std::find_if(set.corpus.begin(), set.corpus.end(),
                      [&](const auto& document) { return document.first == id; })
      ->second;
}

TEST_F(PrepareWordnet, MakesListsAndSetsThatDoNotShareAnswers) {
  const auto folder = scratch_folder();
  const ListStatistics statistics = prepare_wordnet(database(), folder);
  EXPECT_GE(statistics.lists, 6000);
  EXPECT_EQ(statistics.min_documents, 8);
  EXPECT_EQ(statistics.max_documents, 8);
  EXPECT_EQ(statistics.lists_without_positive, 0);
  EXPECT_CONTAINS(read_file(folder / "LICENSE"), "WordNet 3.0 Copyright 2006 by Princeton");

  std::set<std::string> queries;
  std::set<std::string> relevant;
  std::vector<int> positive_at(8);
  read_lists(folder / "train.jsonl", [&](RankedList&& list) {
    EXPECT_TRUE(queries.insert(list.query).second) << list.query;
    EXPECT_EQ(std::set(list.documents.begin(), list.documents.end()).size(), 8u) << list.query;
    EXPECT_EQ(std::count(list.labels.begin(), list.labels.end(), 1), 1);
    const auto place = std::find(list.labels.begin(), list.labels.end(), 1) - list.labels.begin();
    ++positive_at.at(static_cast<size_t>(place));
    relevant.insert(list.documents.at(static_cast<size_t>(place)));
  });
  EXPECT_EQ(std::ssize(queries), statistics.lists);
  for (const int count : positive_at)  // its place tells nothing
    EXPECT_NEAR(count, statistics.lists / 8.0, 0.1 * statistics.lists / 8.0);

  const auto sets = load_nano_beir(folder / "nano", {"noun", "verb", "adjective"});
  ASSERT_EQ(sets.size(), 3u);
  for (const auto& set : sets) {
    EXPECT_EQ(set.queries.size(), 50u);
    EXPECT_GE(set.corpus.size(), 3000u);
    std::set<std::string> ids;
    std::set<std::string> texts;
    for (const auto& [id, text] : set.corpus) {
      EXPECT_TRUE(ids.insert(id).second);
      EXPECT_TRUE(texts.insert(text).second) << text;
    }
    for (const auto& [id, text] : set.queries) {
      EXPECT_FALSE(queries.contains(text)) << text;
      ASSERT_EQ(set.qrels.at(id).size(), 1u);
      EXPECT_FALSE(relevant.contains(text_of(set, set.qrels.at(id)[0]))) << text;
      EXPECT_EQ(set.candidates.at(id).size(), 100u);
      for (const std::string& document : set.candidates.at(id)) EXPECT_TRUE(ids.contains(document));
    }
  }
}

TEST_F(PrepareWordnet, GivesTheSameBytesTwice) {
  const auto folder = scratch_folder();
  prepare_wordnet(database(), folder / "a");
  prepare_wordnet(database(), folder / "b");
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "a")) {
    if (!entry.is_regular_file()) continue;
    const auto name = std::filesystem::relative(entry.path(), folder / "a");
    EXPECT_EQ(read_file(entry.path()), read_file(folder / "b" / name)) << name;
    ++files;
  }
  EXPECT_EQ(files, 1u + 1u + 1u + 4u * 3u);  // train.jsonl, LICENSE, README.md, the Parquet files
}

TEST(PrepareWordnetErrors, NamesTheMissingDatabase) {
  EXPECT_CONTAINS(
      message_of<std::runtime_error>([] { prepare_wordnet("/no/such/folder", scratch_folder()); }),
      "/no/such/folder/data.noun");
}

}  // namespace
}  // namespace lambdaforge::trainer
