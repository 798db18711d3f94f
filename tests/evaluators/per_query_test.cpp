#include "evaluators/per_query.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::evaluators {
namespace {

namespace fs = std::filesystem;

fs::path scratch_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "lambdaforge_per_query";
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

fs::path file_with(const std::string& content) {
  const fs::path path = scratch_folder() / "per_query.csv";
  write_file_atomically(path, content);
  return path;
}

// What reading such a file complains about, without the path.
std::string complaint(const std::string& content) {
  const fs::path path = file_with(content);
  try {
    read_per_query(path);
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.rfind(path.string() + ", ", 0), 0u) << message;
    return message.substr(path.string().size() + 2);
  }
  return "no complaint";
}

TEST(PerQuery, IsOneRowForEveryMetricAndQuery) {
  const fs::path path = scratch_folder() / "new" / "per_query.csv";
  write_per_query(path, {{"NanoNQ_R100_ndcg@10", {{"q2", 1}, {"q1", 1.0 / 3}}},
                         {"NanoNQ_R100_base_ndcg@10", {{"q2", 0}, {"q1", 1e-5}}}});
  EXPECT_EQ(read_file(path),
            "metric,query,value\n"
            "NanoNQ_R100_base_ndcg@10,q2,0.0\n"
            "NanoNQ_R100_base_ndcg@10,q1,1e-05\n"
            "NanoNQ_R100_ndcg@10,q2,1.0\n"
            "NanoNQ_R100_ndcg@10,q1,0.3333333333333333\n");
}

TEST(PerQuery, QuotesWhatWouldBreakARow) {
  const fs::path path = scratch_folder() / "per_query.csv";
  write_per_query(path, {{"s_map", {{"a,b", 1}, {"say \"x\"", 1}}}});
  EXPECT_EQ(read_file(path),
            "metric,query,value\ns_map,\"a,b\",1.0\ns_map,\"say \"\"x\"\"\",1.0\n");
}

TEST(PerQuery, ReadsBackEqual) {
  const fs::path path = scratch_folder() / "per_query.csv";
  const PerQueryValues values = {
      {"s_map", {{"plain", 0.1 + 0.2}, {"a,b", 5e-324}, {"\"", 1}, {"\"\"", 0}, {"", -2.5}}},
      {"a, \"b\"_map", {{"two\nlines", 1.0 / 3}, {"two\r\nlines", 1}, {"plain", 2.0 / 3}}}};
  write_per_query(path, values);
  EXPECT_EQ(read_per_query(path), values);
  write_per_query(path, {});
  EXPECT_TRUE(read_per_query(path).empty());
}

TEST(PerQuery, AddsMetricsAndReplacesThoseOfTheSameName) {
  const fs::path path = scratch_folder() / "new" / "per_query.csv";
  add_per_query(path, {{"a_map", {{"q1", 0.1}, {"q2", 0.2}}}, {"a_mrr", {{"q1", 1}}}});
  add_per_query(path, {{"b_map", {{"q", 0.5}}}, {"a_map", {{"q3", 0.3}}}});
  EXPECT_EQ(
      read_per_query(path),
      (PerQueryValues{{"a_map", {{"q3", 0.3}}}, {"a_mrr", {{"q1", 1}}}, {"b_map", {{"q", 0.5}}}}));
}

TEST(PerQuery, AddsNothingToWhatIsNoFileOfItsKind) {
  const fs::path path = file_with("epoch,steps,MAP\n");
  EXPECT_THROW(add_per_query(path, {{"a_map", {{"q", 1}}}}), std::invalid_argument);
  EXPECT_EQ(read_file(path), "epoch,steps,MAP\n");
}

TEST(PerQuery, ReadsWhatSpreadsheetsWrite) {
  EXPECT_EQ(read_per_query(file_with("metric,query,value\r\n\"s_map\",q,\"0.5\"\r\ns_map,r,1")),
            (PerQueryValues{{"s_map", {{"q", 0.5}, {"r", 1}}}}));
}

TEST(PerQuery, SaysWhereAFileIsWrong) {
  const std::string header = "metric,query,value\n";
  EXPECT_EQ(complaint(""), "line 1: expected the header 'metric,query,value', got ''");
  EXPECT_EQ(complaint("epoch,steps,MAP\n"),
            "line 1: expected the header 'metric,query,value', got 'epoch,steps,MAP'");
  EXPECT_EQ(complaint(header + "s_map,q,1\ns_map,q2\n"),
            "line 3: expected the 3 fields metric,query,value, got 2");
  EXPECT_EQ(complaint(header + "s_map,\"two\nlines\",1\ns_map,q,high\n"),
            "line 4: expected a finite number as value, got 'high'");
  for (const std::string value : {"", "nan", "inf", "1e999", "0.5 ", "0,5x"})
    EXPECT_EQ(complaint(header + "s_map,q," + value + "\n").rfind("line 2: expected ", 0), 0u)
        << value;
  EXPECT_EQ(complaint(header + "s_map,q,1\ns_map,q,0.5\n"),
            "line 3: query 'q' has a value of s_map already");
  EXPECT_EQ(complaint(header + "s_map,\"q,1\n"), "line 2: a quote is opened but never closed");
  EXPECT_EQ(complaint(header + "s_map,\"q\"x,1\n"),
            "line 2: expected a comma or the end of the line, got 'x'");
}

TEST(PerQuery, IsARuntimeErrorWhereNoFileIs) {
  EXPECT_THROW(read_per_query("/no/such/per_query.csv"), std::runtime_error);
}

TEST(PerQuery, HasOneFileForEveryEvaluationOfARun) {
  const fs::path folder = scratch_folder();
  EXPECT_TRUE(per_query_steps(folder).empty());
  for (const int64_t step : {1000, 0, 500}) write_per_query(per_query_path(folder, step), {});
  EXPECT_TRUE(fs::exists(folder / "per_query" / "step-500.csv"));
  EXPECT_EQ(per_query_steps(folder), (std::vector<int64_t>{0, 500, 1000}));
}

}  // namespace
}  // namespace lambdaforge::evaluators
