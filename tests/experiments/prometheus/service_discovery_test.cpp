#include "experiments/prometheus/service_discovery.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

TEST(ServiceDiscovery, RunsNeverShareAFile) {
  EXPECT_EQ(target_path("t", {"wordnet", "warm-2", 1, ""}), "t/wordnet.warm-2.1.json");
  EXPECT_EQ(target_path("t", {"a.b", "../c", 0, ""}), "t/a%2Eb.%2E%2E%2Fc.0.json");
  EXPECT_NE(target_path("t", {"a.b", "c", 0, ""}), target_path("t", {"a", "b.c", 0, ""}));
}

TEST(ServiceDiscovery, WritesWhatPrometheusReads) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_targets";
  ScrapeTarget target{"p \"q\"", "r", 1, "node7:9400"};
  write_target(folder, target);
  const auto groups = nlohmann::json::parse(read_file(target_path(folder, target)));
  EXPECT_EQ(groups, nlohmann::json::parse(R"([{"targets": ["node7:9400"],
      "labels": {"project": "p \"q\"", "run": "r", "rank": "1",
                 "__param_run": "p \"q\"/r/1"}}])"));
  target.tls = true;
  write_target(folder, target);
  EXPECT_EQ(
      nlohmann::json::parse(read_file(target_path(folder, target)))[0]["labels"]["__scheme__"],
      "https");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lambdaforge::experiments
