#include "experiments/mlflow/records.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace lambdaforge::experiments::mlflow {
namespace {

Batch batch_of(size_t metrics, size_t params, size_t tags, const std::string& value = "v") {
  Batch batch;
  for (size_t i = 0; i < metrics; ++i) batch.metrics.push_back({"m", 1.0, 2, int64_t(i)});
  for (size_t i = 0; i < params; ++i) batch.params.push_back({std::to_string(i), value});
  for (size_t i = 0; i < tags; ++i) batch.tags.push_back({std::to_string(i), value});
  return batch;
}

TEST(MlflowMetricKey, IsWhatThePeerCallsIt) {
  EXPECT_EQ(metric_key("eval_NanoNQ_R100_ndcg@10"), "eval_NanoNQ_R100_ndcg_10");
  EXPECT_EQ(metric_key("a-b.c d:e/f_G9"), "a-b.c d:e/f_G9");
  EXPECT_EQ(metric_key("<img src=x onerror=\"a()\">"), "_img src_x onerror__a____");
  EXPECT_EQ(metric_key("präzision"), "pr_zision");
}

TEST(MlflowParams, ReadAsPythonsDo) {
  const auto params = params_of({{"none", {}},
                                 {"bool", true},
                                 {"integer", int64_t{3}},
                                 {"real", 2e-5},
                                 {"text", "linear"},
                                 {"list", std::vector<std::string>{"nq", "msmarco"}},
                                 {"nothing", std::vector<std::string>{}}});
  std::vector<std::string> values;
  for (const auto& param : params) values.push_back(param.value);
  EXPECT_EQ(values, (std::vector<std::string>{"None", "True", "3", "2e-05", "linear",
                                              "['nq', 'msmarco']", "[]"}));
}

TEST(MlflowParams, AreCutBetweenCharacters) {
  std::string text(5999, 'a');
  text += "ä";  // two bytes, the second of them the 6,001st
  EXPECT_EQ(params_of({{"p", text}})[0].value, std::string(5999, 'a'));
}

TEST(MlflowRecord, OnlyTheSpoolKnowsWhatIsOfTime) {
  Batch batch;
  batch.metrics = {{"energy_kwh", 0.5, 1, 7, true}, {"loss", 0.5, 1, 7}};
  const auto read = std::get<Batch>(parse_record(to_line(batch)));
  EXPECT_TRUE(read.metrics[0].of_time);
  EXPECT_FALSE(read.metrics[1].of_time);
  EXPECT_EQ(log_batch_body(batch, "r").find("of_time"), std::string::npos);
}

TEST(MlflowRecord, ReadsBackAsItWas) {
  Batch batch;
  batch.metrics = {{"loss", 1.0 / 3.0, 1795516200250, 7},
                   {"nan", NAN, 0, 0},
                   {"low", -INFINITY, 0, 0},
                   {"high", INFINITY, 0, 0}};
  batch.params = {{"p", "quoted \" and\nlines"}};
  batch.tags = {{"t", "v"}};
  const std::string line = to_line(batch);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = std::get<Batch>(parse_record(line));
  EXPECT_EQ(read.metrics[0].value, 1.0 / 3.0);
  EXPECT_EQ(read.metrics[0].timestamp, 1795516200250);
  EXPECT_TRUE(std::isnan(read.metrics[1].value));
  EXPECT_EQ(read.metrics[2].value, -INFINITY);
  EXPECT_EQ(read.metrics[3].value, INFINITY);
  EXPECT_EQ(to_line(read), line);
  for (const Record& record :
       {Record(RunStart{"e", "n", 5, true, {{"k", "v"}}}), Record(Artifact{"final/a", "model/a"}),
        Record(RunEnd{"FINISHED", 6})})
    EXPECT_EQ(to_line(parse_record(to_line(record))), to_line(record));
}

TEST(MlflowRecord, RefusesWhatItDidNotWrite) {
  for (const char* line : {"", "{", "{}", R"({"kind": "wish"})", R"({"kind": "end"})", "\0\0\0"})
    EXPECT_THROW(parse_record(line), std::invalid_argument) << line;
}

TEST(MlflowBatch, KeepsToTheLimitsOfOneRequest) {
  size_t metrics = 0, params = 0, tags = 0;
  for (const Batch& part : within_limits(batch_of(2500, 250, 150))) {
    EXPECT_LE(part.metrics.size(), 1000u);
    EXPECT_LE(part.params.size(), 100u);
    EXPECT_LE(part.tags.size(), 100u);
    EXPECT_LE(part.size(), 1000u);
    metrics += part.metrics.size();
    params += part.params.size();
    tags += part.tags.size();
  }
  EXPECT_EQ(metrics, 2500u);
  EXPECT_EQ(params, 250u);
  EXPECT_EQ(tags, 150u);
  EXPECT_TRUE(within_limits({}).empty());
}

TEST(MlflowBatch, StaysBelowAMegabyte) {
  const Batch large = batch_of(0, 100, 100, std::string(6000, 'x'));
  ASSERT_GT(log_batch_body(large, "run").size(), 1'000'000u);
  const auto parts = within_limits(large);
  EXPECT_EQ(parts.size(), 2u);
  for (const Batch& part : parts) EXPECT_LT(log_batch_body(part, "run").size(), 1'000'000u);
}

}  // namespace
}  // namespace lambdaforge::experiments::mlflow
