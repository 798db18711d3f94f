#include "experiments/metric_name.h"

#include <gtest/gtest.h>

namespace lambdaforge::experiments {
namespace {

TEST(MetricName, DataSetAndFigure) {
  EXPECT_EQ(parse_metric_name("eval_NanoNQ_R100_ndcg@10"),
            (MetricName{"NanoNQ_R100", "ndcg@10", false}));
  EXPECT_EQ(parse_metric_name("mine_map"), (MetricName{"mine", "map", false}));
  EXPECT_EQ(parse_metric_name("eval_mine_ndcg_exp@5"), (MetricName{"mine", "ndcg_exp@5", false}));
}

TEST(MetricName, FirstStage) {
  EXPECT_EQ(parse_metric_name("eval_NanoNQ_R100_base_mrr@10"),
            (MetricName{"NanoNQ_R100", "mrr@10", true}));
  EXPECT_EQ(parse_metric_name("eval_base_map"), (MetricName{"base", "map", false}));
}

TEST(MetricName, DataSetThatIsCalledLikeAFirstStage) {
  const Metrics reported = {{"eval_x_base_map", 1}, {"eval_x_base_base_map", 0}, {"x_map", 0}};
  EXPECT_EQ(parse_metric_name("eval_x_base_map", reported), (MetricName{"x_base", "map", false}));
  EXPECT_EQ(parse_metric_name("eval_x_base_base_map", reported),
            (MetricName{"x_base", "map", true}));
}

TEST(MetricName, NoRanking) {
  EXPECT_EQ(parse_metric_name("eval_loss"), (MetricName{"", "loss", false}));
  EXPECT_EQ(parse_metric_name("eval_samples_per_second"),
            (MetricName{"", "samples_per_second", false}));
  EXPECT_EQ(parse_metric_name("eval_<b>_ndcg@x"), (MetricName{"", "<b>_ndcg@x", false}));
}

TEST(MetricName, WhichWayIsBetter) {
  EXPECT_TRUE(greater_is_better({}, "eval_NanoNQ_R100_ndcg@10"));
  EXPECT_FALSE(greater_is_better({}, "eval_loss"));
  const std::string key = "training.greater_is_better";
  EXPECT_TRUE(greater_is_better({{key, true}}, "eval_loss"));
  EXPECT_FALSE(greater_is_better({{key, false}}, "eval_f1"));
  EXPECT_TRUE(greater_is_better({{key, std::monostate{}}}, "eval_f1"));
}

}  // namespace
}  // namespace lambdaforge::experiments
