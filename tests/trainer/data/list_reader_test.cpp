#include "trainer/data/list_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "tests/trainer/data/test_files.h"

namespace lambdaforge::trainer {
namespace {

std::vector<RankedList> read_all(const std::filesystem::path& path) {
  std::vector<RankedList> lists;
  read_lists(path, [&](RankedList&& list) { lists.push_back(std::move(list)); });
  return lists;
}

std::string error_of(const std::filesystem::path& path) {
  return message_of<std::invalid_argument>([&] { read_all(path); });
}

std::string error_of_jsonl(std::string_view content) {
  return error_of(write_text(scratch_folder() / "lists.jsonl", content));
}

constexpr const char* kTwoLists = R"({"query": "a", "docs": ["x", "y"], "labels": [1, 0]})"
                                  "\n"
                                  R"({"query": "b", "docs": ["z"], "labels": [0.5]})"
                                  "\n";

void expect_two_lists(const std::vector<RankedList>& lists) {
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0].query, "a");
  EXPECT_EQ(lists[0].documents, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(lists[0].labels, (std::vector<float>{1, 0}));
  EXPECT_EQ(lists[1].query, "b");
  EXPECT_EQ(lists[1].labels, std::vector<float>{0.5});
}

TEST(ReadLists, ReadsJsonLines) {
  expect_two_lists(read_all(write_text(scratch_folder() / "l.jsonl", kTwoLists)));
}

TEST(ReadLists, ReadsGzippedJsonLines) {
  expect_two_lists(read_all(write_gzip(scratch_folder() / "l.jsonl.gz", kTwoLists)));
}

TEST(ReadLists, ReadsLinesLongerThanTheBuffer) {
  const std::string document(1 << 20, 'x');
  const auto lists = read_all(write_gzip(
      scratch_folder() / "l.jsonl.gz",
      R"({"query": "a", "docs": [")" + document + "\"], \"labels\": [1]}\n" + kTwoLists));
  ASSERT_EQ(lists.size(), 3u);
  EXPECT_EQ(lists[0].documents.front(), document);
  EXPECT_EQ(lists[2].query, "b");
}

TEST(ReadLists, ForgivesBlankLinesByteOrderMarkAndCarriageReturns) {
  const auto lists = read_all(
      write_text(scratch_folder() / "l.jsonl",
                 "\xEF\xBB\xBF{\"query\": \"a\", \"docs\": [\"x\"], \"labels\": [1]}\r\n\r\n  \n"
                 "{\"query\": \"b\", \"docs\": [\"\xC3\xA9\"], \"labels\": [true]}"));
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[1].documents.front(), "é");
  EXPECT_EQ(lists[1].labels.front(), 1);
}

TEST(ReadLists, TakesTheFirstKnownLabelColumn) {
  const auto lists = read_all(write_text(
      scratch_folder() / "l.jsonl",
      R"({"query": "a", "documents": ["x"], "scores": [4], "score": [3], "labels": [2], "label": [1]})"
      "\n"
      R"({"query": "a", "documents": ["x"], "scores": [4], "score": [3], "id": 7})"));
  EXPECT_EQ(lists.at(0).labels.front(), 1);
  EXPECT_EQ(lists.at(1).labels.front(), 3);
}

TEST(ReadLists, ReadsParquet) {
  const std::string rows =
      R"([{"query": "a", "docs": ["x", "y"], "labels": [1, 0]},
          {"query": "b", "docs": ["z"], "labels": [0.5]}])";
  const auto folder = scratch_folder();
  expect_two_lists(read_all(
      write_parquet_rows(folder / "small.parquet",
                         {{"query", "text"}, {"docs", "texts"}, {"labels", "floats"}}, rows)));
  expect_two_lists(read_all(write_parquet_rows(
      folder / "large.parquet",
      {{"labels", "floats"}, {"docs", "large_texts"}, {"query", "large_text"}}, rows)));
}

TEST(ReadLists, ReadsTheKindsOfTextThatPolarsAndPandasWrite) {
  for (const char* type : {"text_view", "category"}) {
    const auto lists =
        read_all(write_parquet_rows(scratch_folder() / "l.parquet",
                                    {{"query", type}, {"docs", "texts"}, {"labels", "integers"}},
                                    R"([{"query": "a", "docs": ["x"], "labels": [1]},
            {"query": "b", "docs": ["y"], "labels": [1]}])"));
    EXPECT_EQ(lists.at(0).query, "a") << type;
    EXPECT_EQ(lists.at(1).query, "b") << type;
  }
}

TEST(ReadLists, ReadsIntegerLabelsOfParquet) {
  const auto lists = read_all(
      write_parquet_rows(scratch_folder() / "l.parquet",
                         {{"query", "text"}, {"documents", "texts"}, {"score", "integers"}},
                         R"([{"query": "a", "documents": ["x", "y"], "score": [3, -1]}])"));
  EXPECT_EQ(lists.at(0).labels, (std::vector<float>{3, -1}));
}

constexpr const char* kPassages =
    R"({"query": "a", "passages": {"is_selected": [0, 1, 0, 1], "passage_text": ["w", "x", "y", "z"]}})";
constexpr const char* kNoneSelected =
    R"({"query": "b", "passages": {"is_selected": [0], "passage_text": ["v"]}})";

void expect_ms_marco(const std::vector<RankedList>& lists) {
  ASSERT_EQ(lists.size(), 1u);  // the query without a selected passage is gone
  EXPECT_EQ(lists[0].documents, (std::vector<std::string>{"x", "z", "w", "y"}));
  EXPECT_EQ(lists[0].labels, (std::vector<float>{1, 1, 0, 0}));
}

TEST(ReadLists, ReadsTheRawMsMarcoLayout) {
  const auto folder = scratch_folder();
  expect_ms_marco(read_all(
      write_text(folder / "l.jsonl", std::string(kPassages) + "\n" + kNoneSelected + "\n")));
  expect_ms_marco(read_all(
      write_parquet_rows(folder / "l.parquet", {{"query", "text"}, {"passages", "passages"}},
                         std::string("[") + kPassages + "," + kNoneSelected + "]")));
}

constexpr const char* kTuples =
    R"({"anchor": "a", "positive": "p", "negative_2": "y", "negative_10": "z", "negative_1": "x"})";

TEST(ReadLists, ReadsAPositiveAndItsNegatives) {
  const auto folder = scratch_folder();
  const std::vector<TestColumn> columns = {{"anchor", "text"},
                                           {"positive", "text"},
                                           {"negative_1", "text"},
                                           {"negative_2", "text"},
                                           {"negative_10", "text"}};
  for (const auto& path :
       {write_text(folder / "l.jsonl", kTuples),
        write_parquet_rows(folder / "l.parquet", columns, std::string("[") + kTuples + "]")}) {
    const auto lists = read_all(path);
    ASSERT_EQ(lists.size(), 1u);
    EXPECT_EQ(lists[0].query, "a");
    EXPECT_EQ(lists[0].documents, (std::vector<std::string>{"p", "x", "y", "z"}));
    EXPECT_EQ(lists[0].labels, (std::vector<float>{1, 0, 0, 0}));
  }
}

// As MTEB's reranking sets hold them.
TEST(ReadLists, ReadsListsOfPositivesAndNegatives) {
  const auto folder = scratch_folder();
  const std::vector<TestColumn> columns = {
      {"query", "text"}, {"positive", "texts"}, {"negative", "texts"}};
  const auto files = [&](const std::string& row) {
    return std::vector{write_text(folder / "l.jsonl", row),
                       write_parquet_rows(folder / "l.parquet", columns, "[" + row + "]")};
  };
  for (const auto& path : files(R"({"query": "a", "positive": ["p", "q"], "negative": ["x"]})")) {
    EXPECT_EQ(read_all(path).at(0).documents, (std::vector<std::string>{"p", "q", "x"}));
    EXPECT_EQ(read_all(path).at(0).labels, (std::vector<float>{1, 1, 0}));
  }
  for (const auto& path : files(R"({"query": "a", "positive": ["p"], "negative": []})"))
    EXPECT_EQ(read_all(path).at(0).labels, std::vector<float>{1});
  for (const auto& path : files(R"({"query": "a", "positive": [], "negative": ["x"]})"))
    EXPECT_CONTAINS(message_of<std::invalid_argument>([&] { read_all(path); }),
                    "'positive' is an empty list");
}

TEST(ReadLists, LeavesWhatIsNoNegativeAlone) {
  const auto lists = read_all(write_text(
      scratch_folder() / "l.jsonl",
      R"({"query": "a", "positive": "p", "negative": "x", "negative_id": "93", "negative_score": 1})"));
  EXPECT_EQ(lists.at(0).documents, (std::vector<std::string>{"p", "x"}));
}

TEST(ReadLists, ReadsMarginsAndScoresOfATuple) {
  const auto labels_of = [](const std::string& labels) {
    return read_all(write_text(scratch_folder() / "l.jsonl",
                               R"({"query": "a", "positive": "p", "negative_1": "x", )"
                               R"("negative_2": "y", "label": )" +
                                   labels + "}"))
        .at(0)
        .labels;
  };
  EXPECT_EQ(labels_of("[9.5, 3, 2]"), (std::vector<float>{9.5, 3, 2}));
  EXPECT_EQ(labels_of("[6.5, 7.5]"), (std::vector<float>{7.5, 1, 0}));  // margins
  EXPECT_EQ(labels_of("[2, -1]"), (std::vector<float>{2, 0, 3}));
  EXPECT_EQ(labels_of("[-2, -1]"), (std::vector<float>{0, 2, 1}));
  const auto folder = scratch_folder();
  const std::string row = R"({"query": "a", "positive": "p", "negative": "x", "label": 0.5})";
  const std::vector<TestColumn> columns = {
      {"query", "text"}, {"positive", "text"}, {"negative", "text"}, {"label", "float64"}};
  for (const auto& path : {write_text(folder / "l.jsonl", row),
                           write_parquet_rows(folder / "l.parquet", columns, "[" + row + "]")})
    EXPECT_EQ(read_all(path).at(0).labels, (std::vector<float>{0.5, 0}));
  EXPECT_CONTAINS(
      error_of_jsonl(R"({"query": "a", "positive": "p", "negative_1": "x", "label": [1, 2, 3]})"),
      "'label' has 3 labels for 2 documents in 'positive', 'negative_1'");
}

TEST(ReadLists, ReadsLabelledPairs) {
  const auto folder = scratch_folder();
  const std::string rows[] = {R"({"sentence1": "a", "sentence2": "x", "score": 0.25})",
                              R"({"sentence1": "a", "sentence2": "y", "score": 1})"};
  const std::vector<TestColumn> columns = {
      {"sentence1", "text"}, {"sentence2", "text"}, {"score", "float64"}};
  for (const auto& path :
       {write_text(folder / "l.jsonl", rows[0] + "\n" + rows[1]),
        write_parquet_rows(folder / "l.parquet", columns, "[" + rows[0] + "," + rows[1] + "]")}) {
    const auto lists = read_all(path);
    ASSERT_EQ(lists.size(), 2u);
    EXPECT_EQ(lists[0].documents, (std::vector<std::string>{"x"}));
    EXPECT_EQ(lists[0].labels, (std::vector<float>{0.25}));
    EXPECT_EQ(lists[1].labels, (std::vector<float>{1}));
  }
}

TEST(ReadLists, NamesTheColumnsFoundWhenOneIsMissing) {
  const std::string error = error_of_jsonl(R"({"question": "a", "docs": ["x"], "labels": [1]})");
  EXPECT_CONTAINS(error, "lists.jsonl, line 1: no column for the query: expected 'query'");
  EXPECT_CONTAINS(error, "found: docs, labels, question");
  EXPECT_CONTAINS(error_of_jsonl(R"({"query": "a", "texts": ["x"], "labels": [1]})"),
                  "expected 'docs' or 'documents'");
  EXPECT_CONTAINS(error_of_jsonl(R"({"query": "a", "docs": ["x"], "gold": [1]})"),
                  "expected 'label' or 'labels' or 'score' or 'scores'");
  EXPECT_CONTAINS(error_of(write_parquet_rows(scratch_folder() / "l.parquet",
                                              {{"query", "text"}, {"passages", "texts"}},
                                              R"([{"query": "a", "passages": ["x"]}])")),
                  "l.parquet: no column for the documents: expected 'docs' or 'documents' or "
                  "'positive' or 'document', found: query, passages");
}

TEST(ReadLists, RefusesAnEmptyListAndNamesTheLine) {
  EXPECT_CONTAINS(
      error_of_jsonl(std::string(kTwoLists) + R"({"query": "a", "docs": [], "labels": []})"),
      "line 3: 'docs' is an empty list");
}

TEST(ReadLists, RefusesDifferentCountsAndNamesBoth) {
  EXPECT_CONTAINS(error_of_jsonl(R"({"query": "a", "docs": ["x", "y"], "labels": [1, 0, 0]})"),
                  "3 labels for 2 documents");
  EXPECT_CONTAINS(
      error_of(write_parquet_rows(scratch_folder() / "l.parquet",
                                  {{"query", "text"}, {"docs", "texts"}, {"labels", "integers"}},
                                  R"([{"query": "a", "docs": ["x"], "labels": [1]},
                                      {"query": "a", "docs": ["x"], "labels": [1]},
                                      {"query": "b", "docs": ["x", "y"], "labels": [1]}])")),
      "l.parquet, row 2 (from 0): 'labels' has 1 labels for 2 documents");
}

TEST(ReadLists, RefusesLabelsThatAreNotFinite) {
  const auto line = [](const std::string& label) {
    return R"({"query": "a", "docs": ["x", "y"], "labels": [0, )" + label + "]}";
  };
  EXPECT_CONTAINS(error_of_jsonl(line("NaN")), "line 1: NaN or Infinity at byte");
  EXPECT_CONTAINS(error_of_jsonl(line("-Infinity")), "line 1: NaN or Infinity at byte");
  EXPECT_CONTAINS(error_of_jsonl(line("1e39")), "label 1e+39 of document 1 is not a finite float");
  EXPECT_CONTAINS(error_of_jsonl(line("1e999")), "too large");
  EXPECT_CONTAINS(error_of_jsonl(line("null")), "'labels' holds null at place 1");
  EXPECT_CONTAINS(error_of_jsonl(line("\"1\"")), "'labels' holds string at place 1");
}

TEST(ReadLists, RefusesBadLabelsOfParquet) {
  const auto error = [](const std::string& type, const std::string& label) {
    return error_of(write_parquet_rows(
        scratch_folder() / "l.parquet", {{"query", "text"}, {"docs", "texts"}, {"labels", type}},
        R"([{"query": "a", "docs": ["x"], "labels": )" + label + "}]"));
  };
  EXPECT_CONTAINS(error("floats", "[NaN]"), "row 0 (from 0): label nan of document 0");
  EXPECT_CONTAINS(error("floats", "[Inf]"), "label inf of document 0");
  EXPECT_CONTAINS(error("floats", "[null]"), "column 'labels' is null");
  EXPECT_CONTAINS(error("floats", "null"), "column 'labels' is null");
  EXPECT_CONTAINS(error("texts", "[\"1\"]"), "column 'labels' holds string; expected numbers");
  EXPECT_CONTAINS(error("text", "\"1\""),
                  "column 'labels' holds string; expected a list of numbers");
}

TEST(ReadLists, RefusesInvalidUtf8AndNamesTheByte) {
  EXPECT_CONTAINS(error_of_jsonl("{\"query\": \"a\xFFz\", \"docs\": [\"x\"], \"labels\": [1]}"),
                  "line 1: the line is no valid UTF-8 at byte 12");
  // An overlong form, a surrogate, a code point above U+10FFFF, a cut sequence.
  for (const char* bytes : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"})
    EXPECT_CONTAINS(error_of_jsonl("{\"query\": \"" + std::string(bytes) + "\"}"),
                    "no valid UTF-8 at byte 11");
}

TEST(ReadLists, RefusesInvalidJson) {
  EXPECT_CONTAINS(error_of_jsonl("{\"query\": \"a\", \"docs\": [\"x\"}"),
                  "line 1: invalid JSON at byte");
  EXPECT_CONTAINS(error_of_jsonl(R"({"query": "\ud800"})"), "invalid JSON");
  EXPECT_CONTAINS(error_of_jsonl("[1, 2]"), "array instead of an object");
  EXPECT_CONTAINS(error_of_jsonl(R"({"query": 7, "docs": ["x"], "labels": [1]})"),
                  "'query' holds number; expected text");
  EXPECT_CONTAINS(error_of_jsonl(R"({"query": "a", "docs": "x", "labels": [1]})"),
                  "'docs' holds string; expected a list of texts");
}

TEST(ReadLists, RefusesATruncatedGzipStream) {
  const auto path = scratch_folder() / "l.jsonl.gz";
  write_gzip(path, kTwoLists);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 12);
  EXPECT_CONTAINS(error_of(path), "the gzip stream is truncated or damaged");
}

TEST(ReadLists, RefusesADamagedGzipStream) {
  const auto path = write_gzip(scratch_folder() / "l.jsonl.gz", kTwoLists);
  std::string bytes = read_file(path);
  bytes[bytes.size() - 8] = static_cast<char>(bytes[bytes.size() - 8] ^ 1);  // in the checksum
  write_text(path, bytes);
  EXPECT_CONTAINS(error_of(path), "the gzip stream is truncated or damaged");
}

TEST(ReadLists, RefusesWhatIsNoParquetFile) {
  const auto folder = scratch_folder();
  EXPECT_CONTAINS(error_of(write_text(folder / "l.parquet", kTwoLists)),
                  "l.parquet is no intact Parquet file");
  EXPECT_CONTAINS(error_of(write_text(folder / "empty.parquet", "")),
                  "empty.parquet is no intact Parquet file");
}

TEST(ReadLists, RefusesAnUnknownKindOfFile) {
  EXPECT_CONTAINS(error_of("lists.csv"), "expected lists in .jsonl, .jsonl.gz or .parquet");
}

TEST(ReadLists, NamesTheMissingFile) {
  for (const char* path : {"/no/such/lists.jsonl", "/no/such/lists.parquet"})
    EXPECT_CONTAINS(message_of<std::runtime_error>([&] { read_all(path); }), path);
}

TEST(ReadLists, AddsThePlaceToWhatTheCallerRefuses) {
  const auto path = write_text(scratch_folder() / "l.jsonl", kTwoLists);
  EXPECT_CONTAINS(message_of<std::invalid_argument>([&] {
                    read_lists(path, [](RankedList&& list) {
                      if (list.query == "b") throw std::invalid_argument("not this one");
                    });
                  }),
                  "l.jsonl, line 2: not this one");
}

TEST(ListStatistics, CountsWhatAUserShouldKnow) {
  ListStatistics statistics;
  statistics.add(std::vector<float>{1, 0, 0});
  statistics.add(std::vector<float>{0, 0});
  statistics.add(std::vector<float>{2});
  EXPECT_EQ(statistics, (ListStatistics{.lists = 3,
                                        .documents = 6,
                                        .min_documents = 1,
                                        .max_documents = 3,
                                        .single_document_lists = 1,
                                        .lists_without_positive = 1}));
  EXPECT_EQ(statistics.mean_documents(), 6.0 / 3);
  EXPECT_EQ(ListStatistics().mean_documents(), 0);
}

}  // namespace
}  // namespace lambdaforge::trainer
