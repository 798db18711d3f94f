#include "trainer/data/pair_reader.h"

#include <gtest/gtest.h>

#include "tests/trainer/data/test_files.h"

namespace lambdaforge::trainer {
namespace {

using evaluators::LabelledPairs;

std::string error_of(const std::filesystem::path& path) {
  return message_of<std::invalid_argument>([&] { read_labelled_pairs(path); });
}

std::string error_of_text(const std::string& name, std::string_view content) {
  return error_of(write_text(scratch_folder() / name, content));
}

void expect_two_pairs(const LabelledPairs& labelled) {
  EXPECT_EQ(labelled.name, "sts-dev");
  ASSERT_EQ(labelled.pairs.size(), 2u);
  EXPECT_EQ(labelled.pairs[0].query, "a");
  EXPECT_EQ(labelled.pairs[0].document, "x");
  EXPECT_EQ(labelled.pairs[1].query, "b");
  EXPECT_EQ(labelled.pairs[1].document, "é");
  EXPECT_EQ(labelled.labels, (std::vector<double>{0.1, -2}));
}

constexpr const char* kJson = R"({"sentence1": "a", "sentence2": "x", "score": 0.1})"
                              "\n"
                              R"({"sentence1": "b", "sentence2": "é", "score": -2})"
                              "\n";
constexpr const char* kTabs = "id\tquery\tdocument\tlabel\n7\ta\tx\t0.1\n8\tb\té\t-2\n";

TEST(ReadLabelledPairs, ReadsEveryKindOfFile) {
  const auto folder = scratch_folder();
  expect_two_pairs(read_labelled_pairs(write_text(folder / "sts-dev.jsonl", kJson)));
  expect_two_pairs(read_labelled_pairs(write_gzip(folder / "sts-dev.jsonl.gz", kJson)));
  expect_two_pairs(read_labelled_pairs(write_text(folder / "sts-dev.tsv", kTabs)));
  expect_two_pairs(read_labelled_pairs(write_gzip(folder / "sts-dev.tsv.gz", kTabs)));
  expect_two_pairs(read_labelled_pairs(
      write_parquet_rows(folder / "sts-dev.parquet",
                         {{"score", "float64"}, {"anchor", "text"}, {"passage", "large_text"}},
                         R"([{"anchor": "a", "passage": "x", "score": 0.1},
                             {"anchor": "b", "passage": "é", "score": -2}])")));
}

TEST(ReadLabelledPairs, ReadsClassesOfParquet) {
  const auto labelled = read_labelled_pairs(
      write_parquet_rows(scratch_folder() / "nli.parquet",
                         {{"premise", "text"}, {"hypothesis", "text"}, {"label", "integer"}},
                         R"([{"premise": "a", "hypothesis": "x", "label": 2}])"));
  EXPECT_EQ(labelled.labels, std::vector<double>{2});
}

TEST(ReadLabelledPairs, TakesTheFirstKnownColumn) {
  const auto labelled = read_labelled_pairs(write_text(
      scratch_folder() / "p.jsonl",
      R"({"anchor": "3", "query": "2", "sentence1": "1", "doc": "d", "docs": "c", "scores": 9, "labels": true})"
      "\n"));
  EXPECT_EQ(labelled.pairs.at(0).query, "1");
  EXPECT_EQ(labelled.pairs.at(0).document, "c");
  EXPECT_EQ(labelled.labels.at(0), 1);
}

TEST(ReadLabelledPairs, ForgivesBlankLinesByteOrderMarkAndCarriageReturns) {
  const auto labelled = read_labelled_pairs(write_text(
      scratch_folder() / "p.tsv", "\xEF\xBB\xBFquery\tdocument\tlabel\r\n\r\n\"a\tx\t1\r\n"));
  EXPECT_EQ(labelled.pairs.at(0).query, "\"a");  // a quotation mark is a character
  EXPECT_EQ(labelled.labels, std::vector<double>{1});
}

TEST(ReadLabelledPairs, NamesTheColumnsFoundWhenOneIsMissing) {
  EXPECT_CONTAINS(
      error_of_text("p.tsv", "text\tdocument\tlabel\na\tx\t1\n"),
      "p.tsv, line 1: no column for the first text: expected 'sentence1' or 'query' or 'anchor' or "
      "'premise', found: text, document, label; rename the column");
  EXPECT_CONTAINS(error_of_text("p.jsonl", R"({"query": "a", "text": "x", "label": 1})"),
                  "p.jsonl, line 1: no column for the second text: expected 'sentence2'");
  EXPECT_CONTAINS(
      error_of(write_parquet_rows(scratch_folder() / "p.parquet",
                                  {{"query", "text"}, {"document", "text"}, {"gold", "integer"}},
                                  R"([{"query": "a", "document": "x", "gold": 1}])")),
      "p.parquet: no column for the label: expected 'label' or 'labels' or 'score' or 'scores'");
}

TEST(ReadLabelledPairs, RefusesLabelsThatAreNoNumber) {
  const auto json = [](const std::string& label) {
    return error_of_text("p.jsonl", R"({"query": "a", "document": "x", "label": )" + label + "}");
  };
  EXPECT_CONTAINS(json("\"entailment\""), "line 1: 'label' holds string; expected a number");
  EXPECT_CONTAINS(json("[1]"), "'label' holds array; expected a number");
  EXPECT_CONTAINS(json("null"), "'label' holds null; expected a number");
  EXPECT_CONTAINS(json("NaN"), "line 1: NaN or Infinity at byte");
  const auto tabs = [](const std::string& label) {
    return error_of_text("p.tsv", "query\tdocument\tlabel\na\tx\t" + label + "\n");
  };
  EXPECT_CONTAINS(tabs("yes"), "p.tsv, line 2: label 'yes' is no number");
  EXPECT_CONTAINS(tabs("1,5"), "label '1,5' is no number");
  EXPECT_CONTAINS(tabs(""), "label '' is no number");
  EXPECT_CONTAINS(tabs("nan"), "label nan is not finite; give the pair a number or drop it");
  const auto parquet = [](const std::string& type, const std::string& label) {
    return error_of(write_parquet_rows(
        scratch_folder() / "p.parquet", {{"query", "text"}, {"document", "text"}, {"label", type}},
        R"([{"query": "a", "document": "x", "label": )" + label + "}]"));
  };
  EXPECT_CONTAINS(parquet("integer", "null"), "p.parquet, row 0 (from 0): column 'label' is null");
  EXPECT_CONTAINS(parquet("float64", "Inf"), "row 0 (from 0): label inf is not finite");
  EXPECT_CONTAINS(parquet("text", "\"1\""), "column 'label' holds string; expected numbers");
}

TEST(ReadLabelledPairs, RefusesWhatIsNoText) {
  EXPECT_CONTAINS(error_of_text("p.jsonl", R"({"query": "a", "docs": ["x"], "label": 1})"),
                  "line 1: 'docs' holds array; expected text");
  EXPECT_CONTAINS(error_of_text("p.jsonl", "{\"query\": \"\xFF\"}"),
                  "line 1: the line is no valid UTF-8 at byte 11");
  EXPECT_CONTAINS(error_of_text("p.tsv", "query\tdocument\tlabel\na\t\xFF\t1\n"),
                  "line 2: the line is no valid UTF-8 at byte 2");
}

TEST(ReadLabelledPairs, CountsTheFieldsOfALine) {
  for (const char* line : {"a\tx", "a\tx\t1\t"})
    EXPECT_CONTAINS(error_of_text("p.tsv", std::string("query\tdocument\tlabel\n") + line + "\n"),
                    "fields between tabs; expected 3, as in the line of column names");
}

TEST(ReadLabelledPairs, RefusesAFileWithoutPairs) {
  EXPECT_CONTAINS(error_of_text("p.jsonl", "\n"), "p.jsonl: there are no pairs in it");
  EXPECT_CONTAINS(error_of_text("p.tsv", "query\tdocument\tlabel\n"), "there are no pairs in it");
}

TEST(ReadLabelledPairs, RefusesAnUnknownKindOfFile) {
  EXPECT_CONTAINS(error_of("pairs.csv"),
                  "pairs.csv: unknown kind of file; expected labelled pairs");
  EXPECT_CONTAINS(message_of<std::runtime_error>([] { read_labelled_pairs("/no/such/pairs.tsv"); }),
                  "/no/such/pairs.tsv");
}

}  // namespace
}  // namespace lambdaforge::trainer
