#include "base/metric_name.h"

#include <gtest/gtest.h>

#include <set>

namespace lambdaforge {
namespace {

MetricName split_beside(std::string_view name, const std::set<std::string>& reported) {
  return split_metric_name(name,
                           [&](const std::string& other) { return reported.contains(other); });
}

TEST(SplitMetricName, DataSetAndMetric) {
  EXPECT_EQ(split_metric_name("NanoNQ_R100_ndcg@10"),
            (MetricName{"NanoNQ_R100", "ndcg@10", false}));
  EXPECT_EQ(split_metric_name("eval_map"), (MetricName{"eval", "map", false}));
}

TEST(SplitMetricName, KnowsTheMetricWithAnUnderscore) {
  EXPECT_EQ(split_metric_name("x_ndcg_exp@5"), (MetricName{"x", "ndcg_exp@5", false}));
  EXPECT_EQ(split_metric_name("x_base_ndcg_exp"), (MetricName{"x", "ndcg_exp", true}));
  EXPECT_EQ(split_metric_name("my_ndcg_exp_map"), (MetricName{"my_ndcg_exp", "map", false}));
}

TEST(SplitMetricName, OtherFiguresAreWhole) {
  for (const char* name : {"runtime", "samples_per_second", "x_ndcg@ten", "map", ""})
    EXPECT_EQ(split_metric_name(name), (MetricName{"", name, false}));
}

TEST(SplitMetricName, TellsAFirstStageFromADataSetThatIsCalledSo) {
  EXPECT_EQ(split_metric_name("base_map"), (MetricName{"base", "map", false}));
  EXPECT_EQ(split_metric_name("x_base_map"), (MetricName{"x", "map", true}));
  EXPECT_EQ(split_beside("x_base_map", {"x_base_map", "x_map"}), (MetricName{"x", "map", true}));
  EXPECT_EQ(split_beside("x_base_map", {"x_base_map", "x_base_base_map", "x_mrr"}),
            (MetricName{"x_base", "map", false}));
  EXPECT_EQ(split_beside("x_base_base_map", {"x_base_map", "x_base_base_map"}),
            (MetricName{"x_base", "map", true}));
}

}  // namespace
}  // namespace lambdaforge
