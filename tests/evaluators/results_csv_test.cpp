#include "evaluators/results_csv.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/files.h"
#include "tests/evaluators/fixtures.h"

namespace lambdaforge::evaluators {
namespace {

TEST(PythonFloat, WritesTheShortestDigitsThatReadBack) {
  EXPECT_EQ(python_float(0.1), "0.1");
  EXPECT_EQ(python_float(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(python_float(0.1 + 0.2), "0.30000000000000004");
}

TEST(PythonFloat, KeepsAFloatAFloat) {
  EXPECT_EQ(python_float(1), "1.0");
  EXPECT_EQ(python_float(0), "0.0");
  EXPECT_EQ(python_float(-12), "-12.0");
}

TEST(PythonFloat, ChangesToExponentsWherePythonDoes) {
  EXPECT_EQ(python_float(0.0001), "0.0001");
  EXPECT_EQ(python_float(0.00001), "1e-05");
  EXPECT_EQ(python_float(1e15), "1000000000000000.0");
  EXPECT_EQ(python_float(1e16), "1e+16");
}

TEST(PythonFloat32, WritesWhatNumpyWrites) {
  EXPECT_EQ(python_float32(0.1f), "0.1");
  EXPECT_EQ(python_float32(1.0f / 3), "0.33333334");
  EXPECT_EQ(python_float32(-2), "-2.0");
  EXPECT_EQ(python_float32(1.5e-5f), "1.5e-05");
}

TEST(AppendResults, WritesTheHeaderOnceAndNeedsNoFolder) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "lambdaforge_results" / "eval";
  std::filesystem::remove_all(folder);
  const Evaluation evaluation = with_metrics({{"x_map", 0.25}, {"x_mrr@5", 1}, {"x_ndcg@5", 0.75}});
  for (const int64_t step : {500, 1000})
    append_results(folder / "r.csv", LineEnd::kLf, 5, {.epoch = 0.1, .step = step}, evaluation,
                   "x_");
  EXPECT_EQ(read_file(folder / "r.csv"),
            "epoch,steps,MAP,MRR@5,NDCG@5\n0.1,500,0.25,1.0,0.75\n0.1,1000,0.25,1.0,0.75\n");
}

class DropRows : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void write(const char* file, const std::string& text) const {
    append_to_file(folder_ / file, text);
  }
  std::string text_of(const char* file) const { return read_file(folder_ / file); }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_drop_rows";
};

TEST_F(DropRows, LeavesWhatTheCheckpointKnows) {
  write("r.csv", "epoch,steps,MAP\r\n0.1,10,0.5\r\n0.2,20,0.5\r\n0.3,30,0.5\r\n0.4,40,0.");
  write("other.csv", "query,value\nq,99\n");
  drop_rows_after(folder_, 20);
  EXPECT_EQ(text_of("r.csv"), "epoch,steps,MAP\r\n0.1,10,0.5\r\n0.2,20,0.5\r\n");
  EXPECT_EQ(text_of("other.csv"), "query,value\nq,99\n");
}

TEST_F(DropRows, LeavesNothingWhereARunBegins) {
  write("r.csv", "epoch,steps,MAP\n0.0,0,0.5\n");
  write("torn.csv", "epoch,st");
  drop_rows_after(folder_, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));  // so the next row brings a header
  drop_rows_after(folder_ / "missing", 0);
}

TEST(AppendResults, RefusesAnEvaluationOfSomethingElse) {
  const auto path = std::filesystem::path(testing::TempDir()) / "lambdaforge_results_other.csv";
  std::filesystem::remove(path);
  EXPECT_THROW(append_results(path, LineEnd::kLf, 5, {}, Evaluation{}, "x_"), std::out_of_range);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace lambdaforge::evaluators
