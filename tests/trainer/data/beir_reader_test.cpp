#include "trainer/data/beir_reader.h"

#include <gtest/gtest.h>

#include "tests/trainer/data/test_files.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;
using evaluators::Qrels;
using evaluators::RetrievalSet;

constexpr std::string_view kCorpus =
    R"({"_id": "d1", "title": "Apple", "text": "a fruit"}
{"_id": "d2", "text": "the sky", "metadata": {}}
{"_id": "d3", "title": "", "text": "Größe"}
{"_id": "d4", "title": "Only a title", "text": ""}
)";
constexpr std::string_view kQueries =
    R"({"_id": "q1", "text": "red"}
{"_id": "q2", "text": "blue"}
{"_id": "q3", "text": "of another split"}
)";
constexpr std::string_view kHeader = "query-id\tcorpus-id\tscore\n";
constexpr std::string_view kJudgements = "q2\td2\t1\nq1\td1\t2\nq1\td3\t0\n";

fs::path make_folder() {
  const fs::path folder = scratch_folder() / "pets";
  fs::create_directories(folder / "qrels");
  write_text(folder / "corpus.jsonl", kCorpus);
  write_text(folder / "queries.jsonl", kQueries);
  write_text(folder / "qrels/test.tsv", std::string(kHeader) + std::string(kJudgements));
  write_text(folder / "qrels/dev.tsv", std::string(kHeader) + "q3\td1\t1\n");
  return folder;
}

std::string error_of(const fs::path& folder, const std::string& split = "test") {
  return message_of<std::invalid_argument>([&] { load_beir(folder, split); });
}

TEST(Beir, ReadsTheWholeCorpusAndTheJudgedQueries) {
  const RetrievalSet set = load_beir(make_folder(), "test");
  EXPECT_EQ(set.name, "pets");
  EXPECT_EQ(set.document_ids, (std::vector<std::string>{"d1", "d2", "d3", "d4"}));
  EXPECT_EQ(set.documents,
            (std::vector<std::string>{"Apple a fruit", "the sky", "Größe", "Only a title"}));
  EXPECT_EQ(set.queries,
            (std::vector<std::pair<std::string, std::string>>{{"q1", "red"}, {"q2", "blue"}}));
  EXPECT_EQ(set.qrels, (Qrels{{"q1", {{"d1", 2}, {"d3", 0}}}, {"q2", {{"d2", 1}}}}));
}

TEST(Beir, TakesItsNameFromTheFolderHoweverItIsWritten) {
  const fs::path folder = make_folder();
  EXPECT_EQ(load_beir(folder / "", "test").name, "pets");
  EXPECT_EQ(load_beir(folder / "qrels/..", "test").name, "pets");
}

TEST(Beir, ReadsGzippedFiles) {
  const fs::path folder = make_folder();
  for (const char* name : {"corpus.jsonl", "queries.jsonl", "qrels/test.tsv"})
    fs::remove(folder / name);
  write_gzip(folder / "corpus.jsonl.gz", kCorpus);
  write_gzip(folder / "queries.jsonl.gz", kQueries);
  write_gzip(folder / "qrels/test.tsv.gz", std::string(kHeader) + std::string(kJudgements));
  const RetrievalSet set = load_beir(folder, "test");
  EXPECT_EQ(set.documents.size(), 4U);
  EXPECT_EQ(set.queries.size(), 2U);
}

TEST(Beir, ReadsQrelsWithoutAHeaderAndTrecs) {
  const fs::path folder = make_folder();
  const Qrels expected = load_beir(folder, "test").qrels;
  write_text(folder / "qrels/test.tsv", kJudgements);
  EXPECT_EQ(load_beir(folder, "test").qrels, expected);
  write_text(folder / "qrels/test.tsv", "q2 0 d2 1\nq1\t0\td1\t2\nq1 0 d3 0\n");
  EXPECT_EQ(load_beir(folder, "test").qrels, expected);
}

TEST(Beir, ToleratesJudgementsOfDocumentsThatAreGone) {
  const fs::path folder = make_folder();
  write_text(folder / "qrels/test.tsv", std::string(kJudgements) + "q1\tgone\t1\n");
  EXPECT_EQ(load_beir(folder, "test").qrels.at("q1").at("gone"), 1);
  write_text(folder / "qrels/test.tsv", "q1\tgone\t1\n");
  EXPECT_CONTAINS(error_of(folder), "corpus.jsonl has none of the documents that ");
}

TEST(Beir, NamesTheSplitsThatExist) {
  EXPECT_CONTAINS(error_of(make_folder(), "tset"),
                  "qrels: unknown split 'tset'; did you mean 'test'? known: dev, test");
}

TEST(Beir, NamesWhatIsMissing) {
  EXPECT_CONTAINS(error_of("/no/such/folder"), "no folder /no/such/folder");
  for (const char* name : {"corpus.jsonl", "queries.jsonl"}) {
    const fs::path folder = make_folder();
    fs::remove(folder / name);
    EXPECT_CONTAINS(error_of(folder), std::string("no ") + name + " in " + folder.string());
  }
  const fs::path folder = make_folder();
  fs::remove_all(folder / "qrels");
  EXPECT_CONTAINS(error_of(folder), "no qrels/*.tsv in ");
}

TEST(Beir, NamesTheLineThatIsWrong) {
  const auto corpus_error = [](const std::string& line) {
    const fs::path folder = make_folder();
    write_text(folder / "corpus.jsonl", std::string(kCorpus) + line + "\n");
    return error_of(folder);
  };
  EXPECT_CONTAINS(corpus_error(R"({"_id": "d5", "title": "x"})"),
                  R"(corpus.jsonl, line 5: no 'text'; expected {"_id": ..., "title": ..., )");
  EXPECT_CONTAINS(corpus_error(R"({"id": "d5", "text": "x"})"), "line 5: no '_id'");
  EXPECT_CONTAINS(corpus_error(R"({"_id": 5, "text": "x"})"), "line 5: '_id' holds number");
  EXPECT_CONTAINS(corpus_error(R"({"_id": "d2", "text": "x"})"),
                  "line 5: _id 'd2' comes a second time");
  EXPECT_CONTAINS(corpus_error("no JSON"), "line 5: invalid JSON");
}

TEST(Beir, NamesTheJudgementThatIsWrong) {
  const auto qrels_error = [](const std::string& rest) {
    const fs::path folder = make_folder();
    write_text(folder / "qrels/test.tsv", std::string(kHeader) + "q1\td1\t1\n" + rest);
    return error_of(folder);
  };
  EXPECT_CONTAINS(qrels_error("q1\td2\thigh\n"), "test.tsv, line 3: expected an integer as grade");
  EXPECT_CONTAINS(qrels_error("q1\td1\t1\n"), "test.tsv, line 3: document 'd1' is listed a second");
  EXPECT_CONTAINS(qrels_error("q1\td2\n"), "test.tsv, line 3: expected 4 columns");
  EXPECT_CONTAINS(qrels_error("q9\td1\t1\n"), "queries.jsonl: no query 'q9', which ");
  const fs::path folder = make_folder();
  write_text(folder / "qrels/test.tsv", kHeader);
  EXPECT_CONTAINS(error_of(folder), "test.tsv: no judgements");
}

TEST(FirstStage, ReadsTrecRunsAndLists) {
  const evaluators::Run expected = {{"q1", {{"d2", 2}, {"d1", 1}}}, {"q2", {{"d3", 1}}}};
  const fs::path folder = scratch_folder();
  const std::string trec = "q1 Q0 d2 1 2 bm25\nq1 Q0 d1 2 1 bm25\nq2\tQ0\td3\t1\t1\tbm25\n";
  EXPECT_EQ(read_first_stage(write_text(folder / "a.trec", trec)), expected);
  EXPECT_EQ(read_first_stage(write_gzip(folder / "a.trec.gz", trec)), expected);
  EXPECT_EQ(read_first_stage(write_gzip(folder / "a.tsv.gz", "q1\td2 d1\nq2\td3\n")), expected);
}

TEST(FirstStage, NamesTheLineThatIsWrong) {
  const auto error = [](std::string_view content) {
    return message_of<std::invalid_argument>(
        [&] { read_first_stage(write_text(scratch_folder() / "run", content)); });
  };
  EXPECT_CONTAINS(error("q1\td2 d1\nq2 d3\n"), "run, line 2: no tab; expected");
  EXPECT_CONTAINS(error("q1\td2 d1 d2\n"), "run, line 1: document 'd2' comes a second time");
  EXPECT_CONTAINS(error("q1\td2\nq1\td3\n"), "run, line 2: query 'q1' comes a second time");
  EXPECT_CONTAINS(error("q1 Q0 d1 1 2 x\nq1 Q0 d2 2 y x\n"), "run, line 2: expected a number");
  EXPECT_CONTAINS(error(""), "run: no documents");
}

}  // namespace
}  // namespace lambdaforge::trainer
