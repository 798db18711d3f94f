#include "experiments/run_store/export.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace lambdaforge::experiments {
namespace {

RunRecord small_run() {
  RunRecord run;
  run.head.name = "a \"b\"";
  run.head.parameters = {{"training.seed", int64_t{12}}};
  run.rows.add_scalar("loss", 1, 10.5, 0.25);
  run.rows.add_scalar("a,\"b\"", 1, 10.5, 2);
  run.rows.add_scalar("loss", 2, 11, std::numeric_limits<double>::quiet_NaN());
  run.rows.evaluations.push_back({2, 0.5, 11, 1, 0, 0.75});
  run.rows.per_query.push_back(
      {0, run.rows.series.number_of("nq_ndcg@10"), run.rows.queries.number_of("q1"), 0.75});
  run.rows.energy.push_back({.step = 2, .seconds = 3, .cpu_kwh = 0.5, .training_kwh = 0.25});
  run.rows.heartbeat = {11, 2};
  run.rows.add_log(kNoticeKind, 2, 11, "a word");
  return run;
}

TEST(Export, CsvQuotesNames) {
  EXPECT_EQ(scalars_csv(small_run().rows),
            "step,time,name,value\n"
            "1,10.500,loss,0.25\n"
            "1,10.500,\"a,\"\"b\"\"\",2\n"
            "2,11.000,loss,nan\n");
  EXPECT_EQ(per_query_csv(small_run().rows),
            "step,time,metric,query,value\n"
            "2,11.000,nq_ndcg@10,q1,0.75\n");
}

TEST(Export, JsonLinesHaveOneStepEach) {
  EXPECT_EQ(scalars_jsonl(small_run().rows),
            "{\"_step\":1,\"_timestamp\":10.5,\"loss\":0.25,\"a,\\\"b\\\"\":2.0}\n"
            "{\"_step\":2,\"_timestamp\":11.0,\"loss\":null}\n");
}

TEST(Export, JsonHoldsEverything) {
  const auto json = nlohmann::json::parse(to_json(small_run()));
  EXPECT_EQ(json["name"], "a \"b\"");
  EXPECT_EQ(json["parameters"]["training.seed"], 12);
  EXPECT_EQ(json["scalars"]["loss"][0]["value"], 0.25);
  EXPECT_EQ(json["evaluations"][0]["per_query"]["nq_ndcg@10"]["q1"], 0.75);
  EXPECT_EQ(json["energy"][0]["seconds"], 3);
  EXPECT_EQ(json["energy"][0]["cpu_kwh"], 0.5);
  EXPECT_EQ(json["energy"][0]["training_kwh"], 0.25);
  EXPECT_EQ(json["status"], "crashed");  // no end in the log, and nobody who writes
  EXPECT_EQ(json["step"], 2);
  EXPECT_EQ(json["greater_is_better"], false);  // of "loss"
  EXPECT_EQ(json["log"][0]["text"], "a word");
  EXPECT_FALSE(json["scalars"].contains("nq_ndcg@10"));
}

}  // namespace
}  // namespace lambdaforge::experiments
