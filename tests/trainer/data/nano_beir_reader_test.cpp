#include "trainer/data/nano_beir_reader.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/trainer/data/test_files.h"

namespace lambdaforge::trainer {
namespace {

using evaluators::RankingSet;

RankingSet make_set(const std::string& name) {
  return {name,
          {{"q1", "red apple"}, {"q2", "Größe"}},
          {{"d1", "an apple"}, {"d2", "the sky"}, {"d3", ""}},
          {{"q1", {"d1", "d3"}}, {"q2", {"d2"}}},
          {{"q1", {"d2", "d1"}}, {"q2", {}}}};
}

void expect_equal(const RankingSet& a, const RankingSet& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.queries, b.queries);
  EXPECT_EQ(a.corpus, b.corpus);
  EXPECT_EQ(a.qrels, b.qrels);
  EXPECT_EQ(a.candidates, b.candidates);
}

std::string error_of(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  return message_of<std::invalid_argument>([&] { load_nano_beir(folder, names); });
}

TEST(NanoBeir, ReadsBackWhatItWrote) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("NanoNQ"), make_set("NanoFiQA2018")}, "Made for a test.");
  const auto all = load_nano_beir(folder, {});
  ASSERT_EQ(all.size(), 2u);
  const auto asked = load_nano_beir(folder, {"nq"});
  ASSERT_EQ(asked.size(), 1u);
  expect_equal(asked[0], make_set("NanoNQ"));
}

TEST(NanoBeir, DeclaresTheLayoutInTheReadme) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("noun"), make_set("verb")}, "Made for a test.");
  const std::string readme = read_file(folder / "README.md");
  EXPECT_TRUE(
      readme.starts_with("---\nconfigs:\n"
                         "- config_name: corpus\n"
                         "  data_files:\n"
                         "  - split: noun\n"
                         "    path: corpus/noun-*\n"
                         "  - split: verb\n"
                         "    path: corpus/verb-*\n"
                         "- config_name: queries\n"));
  EXPECT_CONTAINS(readme, "---\n\nMade for a test.\n");
}

// Two shards, large strings, and a list of relevant documents in one row, as hub data sets have.
TEST(NanoBeir, ReadsTheVariantsOfTheHub) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("NanoNQ")}, "");
  std::filesystem::remove(folder / "corpus" / "NanoNQ-00000-of-00001.parquet");
  write_parquet_rows(folder / "corpus" / "NanoNQ-00001-of-00002.parquet",
                     {{"text", "large_text"}, {"_id", "large_text"}},
                     R"([{"_id": "d3", "text": ""}])");
  write_parquet_rows(folder / "corpus" / "NanoNQ-00000-of-00002.parquet",
                     {{"_id", "text"}, {"text", "text"}},
                     R"([{"_id": "d1", "text": "an apple"}, {"_id": "d2", "text": "the sky"}])");
  write_parquet_rows(folder / "qrels" / "NanoNQ-00000-of-00001.parquet",
                     {{"query-id", "text"}, {"corpus-id", "texts"}},
                     R"([{"query-id": "q1", "corpus-id": ["d1", "d3", "d1"]},
                         {"query-id": "q2", "corpus-id": ["d2"]}])");
  write_parquet_rows(folder / "bm25" / "NanoNQ-00000-of-00001.parquet",
                     {{"query-id", "large_text"}, {"corpus-ids", "large_texts"}},
                     R"([{"query-id": "q1", "corpus-ids": ["d2", "d1"]},
                         {"query-id": "q2", "corpus-ids": []}])");
  expect_equal(load_nano_beir(folder, {"NanoNQ"}).at(0), make_set("NanoNQ"));
}

// The hub's older layout: a data set of its own for every set.
void write_single(const std::filesystem::path& folder) {
  const std::string file = "train-00000-of-00001.parquet";
  for (const char* part : {"corpus", "queries", "relevance"})
    std::filesystem::create_directories(folder / part);
  write_parquet_rows(folder / "corpus" / file, {{"_id", "text"}, {"text", "text"}},
                     R"([{"_id": "d1", "text": "an apple"}, {"_id": "d2", "text": "the sky"},
                         {"_id": "d3", "text": ""}])");
  write_parquet_rows(folder / "queries" / file, {{"_id", "text"}, {"text", "text"}},
                     R"([{"_id": "q1", "text": "red apple"}, {"_id": "q2", "text": "Größe"}])");
  write_parquet_rows(
      folder / "relevance" / file,
      {{"query-id", "text"}, {"positive-corpus-ids", "texts"}, {"bm25-ranked-ids", "texts"}},
      R"([{"query-id": "q1", "positive-corpus-ids": ["d1", "d3"], "bm25-ranked-ids": ["d2", "d1"]},
          {"query-id": "q2", "positive-corpus-ids": ["d2"], "bm25-ranked-ids": []}])");
}

TEST(NanoBeir, ReadsTheOlderLayout) {
  const auto folder = scratch_folder();
  write_single(folder / "NanoNQ-bm25");
  write_single(folder / "NanoSciFact-bm25");
  EXPECT_EQ(load_nano_beir(folder, {}).size(), 2u);
  expect_equal(load_nano_beir(folder, {"nq"}).at(0), make_set("NanoNQ"));
  expect_equal(load_nano_beir(folder / "NanoNQ-bm25", {}).at(0), make_set("NanoNQ"));
  expect_equal(load_nano_beir(folder / "NanoNQ-bm25/", {"nq"}).at(0), make_set("NanoNQ"));
}

TEST(NanoBeir, RefusesASetThatLacksAFile) {
  for (const char* lost : {"corpus", "queries", "qrels", "bm25"}) {
    const auto folder = scratch_folder();
    write_nano_beir(folder, {make_set("NanoNQ"), make_set("NanoSciFact")}, "");
    std::filesystem::remove(folder / lost / "NanoSciFact-00000-of-00001.parquet");
    EXPECT_CONTAINS(error_of(folder, {}), folder.string() +
                                              ": NanoSciFact has no Parquet file in " + lost +
                                              "; a download may have broken off");
    EXPECT_CONTAINS(error_of(folder, {"SciFact"}), "NanoSciFact has no Parquet file");
    EXPECT_EQ(load_nano_beir(folder, {"nq"}).size(), 1u);  // who names the others goes on
  }
}

TEST(NanoBeir, NamesAllThatASetLacks) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("NanoNQ"), make_set("NanoSciFact")}, "");
  for (const char* lost : {"queries", "bm25"})
    std::filesystem::remove(folder / lost / "NanoSciFact-00000-of-00001.parquet");
  EXPECT_CONTAINS(error_of(folder, {}), "NanoSciFact has no Parquet file in queries, bm25;");
}

TEST(NanoBeir, RefusesASetOfTheOlderLayoutThatLacksAFile) {
  const auto folder = scratch_folder();
  write_single(folder / "NanoNQ-bm25");
  write_single(folder / "NanoSciFact-bm25");
  std::filesystem::remove_all(folder / "NanoSciFact-bm25" / "relevance");
  EXPECT_CONTAINS(error_of(folder, {}), "NanoSciFact has no Parquet file in relevance;");
  EXPECT_EQ(load_nano_beir(folder, {"nq"}).size(), 1u);
}

// The hub has NanoNQ, with qrels, beside NanoNQ-bm25, with relevance.
TEST(NanoBeir, PassesOverSetsWithoutCandidates) {
  const auto folder = scratch_folder();
  write_single(folder / "NanoNQ-bm25");
  for (const char* name : {"NanoNQ", "NanoSciFact"}) {
    write_single(folder / name);
    std::filesystem::rename(folder / name / "relevance", folder / name / "qrels");
  }
  EXPECT_EQ(load_nano_beir(folder, {}).size(), 1u);
  expect_equal(load_nano_beir(folder, {"nq"}).at(0), make_set("NanoNQ"));
}

TEST(NanoBeir, DoesNotMissWhatIsAbsentAsAWhole) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("NanoNQ"), make_set("NanoSciFact")}, "");
  for (const char* part : {"corpus", "queries", "qrels", "bm25"})
    std::filesystem::remove(folder / part / "NanoSciFact-00000-of-00001.parquet");
  EXPECT_EQ(load_nano_beir(folder, {}).size(), 1u);
  EXPECT_CONTAINS(error_of(folder, {"SciFact"}), "unknown data set 'SciFact'");
}

TEST(NanoBeir, NamesTheMissingFolder) {
  const auto folder = scratch_folder();
  EXPECT_CONTAINS(error_of(folder, {}),
                  "expected the NanoBEIR layout, with the folders corpus, "
                  "queries, qrels, bm25");
}

TEST(NanoBeir, NamesTheMissingColumn) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("NanoNQ")}, "");
  write_parquet_rows(folder / "qrels" / "NanoNQ-00000-of-00001.parquet",
                     {{"query-id", "text"}, {"positive", "text"}},
                     R"([{"query-id": "q1", "positive": "d1"}])");
  EXPECT_CONTAINS(error_of(folder, {}),
                  "NanoNQ-00000-of-00001.parquet has no column 'corpus-id'; found: query-id, "
                  "positive");
}

TEST(NanoBeir, NamesTheDamagedFile) {
  const auto folder = scratch_folder();
  write_nano_beir(folder, {make_set("NanoNQ")}, "");
  write_text(folder / "queries" / "NanoNQ-00000-of-00001.parquet", "no parquet");
  EXPECT_CONTAINS(error_of(folder, {}), "queries/NanoNQ-00000-of-00001.parquet is no intact");
}

TEST(NanoBeir, RefusesNamesThatCannotBeSplits) {
  for (const char* name : {"", "Nano-NQ", "a b", "../up"})
    EXPECT_THROW(write_nano_beir(scratch_folder(), {make_set(name)}, ""), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::trainer
