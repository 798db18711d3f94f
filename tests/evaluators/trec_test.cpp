#include "evaluators/trec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "base/files.h"

namespace lambdaforge::evaluators {
namespace {

Qrels qrels_of(const std::string& text) {
  std::istringstream input(text);
  return read_qrels(input, "test.qrels");
}

Run run_of(const std::string& text) {
  std::istringstream input(text);
  return read_run(input, "bm25.run");
}

template <class Read>
std::string complaint(Read read, const std::string& text) {
  try {
    read(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

std::filesystem::path test_file(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("lambdaforge_" + name);
}

TEST(ReadQrels, TakesBlanksTabsAndEitherLineEnd) {
  EXPECT_EQ(qrels_of("q1 0 d1 2\r\nq1\t0\td2\t-1\n\n  q2  Q0 d1\t 0"),
            (Qrels{{"q1", {{"d1", 2}, {"d2", -1}}}, {"q2", {{"d1", 0}}}}));
  EXPECT_TRUE(qrels_of("").empty());
}

TEST(ReadQrels, NamesTheLine) {
  EXPECT_EQ(complaint(qrels_of, "q1 0 d1 1\nq1 0 d2\n"),
            "test.qrels, line 2: expected 4 columns (query 0 document grade), got 3: 'q1 0 d2'");
  EXPECT_EQ(
      complaint(qrels_of, "\nq1 0 d1 1 x"),
      "test.qrels, line 2: expected 4 columns (query 0 document grade), got 5: 'q1 0 d1 1 x'");
  for (const std::string grade : {"high", "1.0", "99999999999"})
    EXPECT_EQ(complaint(qrels_of, "q1 0 d1 " + grade),
              "test.qrels, line 1: expected an integer as grade, got '" + grade + "'");
  EXPECT_EQ(complaint(qrels_of, "q1 0 d1 1\nq2 0 d1 1\nq1 0 d1 1\n"),
            "test.qrels, line 3: document 'd1' is listed a second time for query 'q1'; keep one "
            "line");
}

TEST(ReadQrels, SaysWhenTheStreamBreaksOff) {
  std::istringstream input("q1 0 d1 1\n");
  input.setstate(std::ios::badbit);
  EXPECT_THROW(read_qrels(input, "test.qrels"), std::runtime_error);
}

TEST(ReadRun, KeepsTheOrderOfTheLines) {
  const evaluators::Run run =
      run_of("q1 Q0 d2 2 -0.5 tag\r\nq2\tQ0\td1\t1\t1e-3\ttag\nq1 Q0 d1 1 inf tag\n");
  EXPECT_EQ(
      run, (evaluators::Run{{"q1", {{"d2", -0.5}, {"d1", std::numeric_limits<double>::infinity()}}},
                            {"q2", {{"d1", 1e-3}}}}));
}

TEST(ReadRun, NamesTheLine) {
  EXPECT_EQ(complaint(run_of, "q1 Q0 d1 1 0.5\n"),
            "bm25.run, line 1: expected 6 columns (query Q0 document rank score tag), got 5: "
            "'q1 Q0 d1 1 0.5'");
  for (const std::string score : {"nan", "high", "0,5", "1e999"})
    EXPECT_EQ(complaint(run_of, "q1 Q0 d1 1 " + score + " tag"),
              "bm25.run, line 1: expected a number as score, got '" + score + "'");
  EXPECT_EQ(complaint(run_of, "q1 Q0 d1 1 3 t\nq1 Q0 d0 2 2 t\nq2 Q0 d1 1 1 t\nq1 Q0 d1 3 1 t"),
            "bm25.run, line 4: document 'd1' is listed a second time for query 'q1'; keep one "
            "line");
}

TEST(WriteQrels, ReadsBackEqual) {
  const Qrels qrels = {{"q1", {{"d1", 2}, {"d2", -1}}}, {"q2", {{"d1", 0}}}};
  write_qrels(test_file("qrels"), qrels);
  EXPECT_EQ(read_file(test_file("qrels")), "q1 0 d1 2\nq1 0 d2 -1\nq2 0 d1 0\n");
  EXPECT_EQ(qrels_of(read_file(test_file("qrels"))), qrels);
}

TEST(WriteRun, RanksTheBestFirst) {
  write_run(test_file("run"), {{"q1", {{"d1", 0.5}, {"d2", 2}, {"d3", 0.5}}}}, "mine");
  EXPECT_EQ(read_file(test_file("run")),
            "q1 Q0 d2 1 2 mine\n"
            "q1 Q0 d3 2 0.5 mine\n"
            "q1 Q0 d1 3 0.5 mine\n");
}

TEST(WriteRun, KeepsEveryBitOfAScore) {
  const evaluators::Run run = {
      {"q1", {{"d1", 1e300}, {"d2", 2.0F / 3}, {"d3", 1.0 / 3}, {"d4", 5e-324}}}};
  write_run(test_file("run"), run);
  EXPECT_EQ(run_of(read_file(test_file("run"))), run);
}

TEST(Write, RefusesWhatWouldNotReadBack) {
  const auto path = test_file("refused");
  std::filesystem::remove(path);
  for (const std::string id : {"", "two words", "tab\t", "line\n"}) {
    EXPECT_THROW(write_qrels(path, {{id, {{"d1", 1}}}}), std::invalid_argument);
    EXPECT_THROW(write_qrels(path, {{"q1", {{id, 1}}}}), std::invalid_argument);
    EXPECT_THROW(write_run(path, {{id, {{"d1", 1}}}}), std::invalid_argument);
    EXPECT_THROW(write_run(path, {{"q1", {{id, 1}}}}), std::invalid_argument);
    EXPECT_THROW(write_run(path, {}, id), std::invalid_argument);
  }
  EXPECT_THROW(write_run(path, {{"q1", {{"d1", std::nan("")}}}}), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(RankRun, BreaksTiesByTheLastDocumentIdFirst) {
  const Ranking ranking =
      rank_run({{"d1", 0.5}, {"d10", 0.5}, {"d2", 0.5}, {"d0", 0.75}}, {{"d1", 1}, {"d2", 2}});
  EXPECT_EQ(ranking.grades,  // d0, d2, d10, d1
            (std::vector<std::optional<int>>{std::nullopt, 2, std::nullopt, 1}));
  EXPECT_EQ(ranking.tie_ends, (std::vector<size_t>{1, 2, 3, 4}));
}

TEST(RankRun, ComparesScoresAsFloats) {
  const Judgements judgements = {{"a", 1}, {"b", 0}};
  EXPECT_EQ(rank_run({{"a", 1 + 1e-9}, {"b", 1}}, judgements).grades.at(0), 0);  // a tie: b first
  EXPECT_EQ(rank_run({{"a", 1 + 1e-6}, {"b", 1}}, judgements).grades.at(0), 1);
}

TEST(RankRun, KnowsJudgedDocumentsThatWereNotRetrieved) {
  EXPECT_EQ(rank_run({{"d1", 1}}, {{"d1", 0}, {"d2", 1}, {"d3", 3}, {"d4", -1}}).judged,
            (std::vector<int>{3, 1, 0, -1}));
}

TEST(RankRun, RefusesNan) {
  EXPECT_THROW(rank_run({{"d1", std::nan("")}}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::evaluators
