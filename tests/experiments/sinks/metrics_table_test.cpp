#include "experiments/sinks/metrics_table.h"

#include <gtest/gtest.h>

namespace lambdaforge::experiments {
namespace {

TEST(MetricsTable, AlignsNamesAndValues) {
  EXPECT_EQ(metrics_table({{"eval_loss", 1.12494}, {"eval_runtime", 20}}),
            "  eval_loss     1.1249\n"
            "  eval_runtime  20.0000\n");
}

TEST(MetricsTable, GivesEveryDataSetARowAndShowsTheGain) {
  EXPECT_EQ(metrics_table({{"eval_NanoNQ_R100_base_ndcg@10", 0.5006},
                           {"eval_NanoNQ_R100_map", 0.5071},
                           {"eval_NanoNQ_R100_ndcg@10", 0.5964},
                           {"eval_mine_map", 0.25},
                           {"eval_loss", 1}}),
            "               ndcg@10           map\n"
            "  NanoNQ_R100  0.5964 (+0.0958)  0.5071\n"
            "  mine         -                 0.2500\n"
            "  eval_loss    1.0000\n");
}

TEST(MetricsTable, TakesADataSetForNoFirstStage) {
  EXPECT_EQ(metrics_table({{"x_base_map", 0.5}, {"x_base_base_map", 0.25}}),
            "          map\n"
            "  x_base  0.5000 (+0.2500)\n");
}

TEST(MetricsTable, GivesEveryMetricAColumn) {
  EXPECT_EQ(metrics_table({{"nq_recall@5", 0.5},
                           {"nq_ndcg_exp@10", 0.25},
                           {"nq_ndcg_exp", 0.75},
                           {"nq_rbp@0.8", 1},
                           {"nq_bpref", 0}}),
            "      recall@5  ndcg_exp@10  ndcg_exp  rbp@0.8  bpref\n"
            "  nq  0.5000    0.2500       0.7500    1.0000   0.0000\n");
}

TEST(MetricsTable, TakesOnlyRankingMetricsApart) {
  EXPECT_EQ(metrics_table({{"eval_ndcg@ten", 1}, {"roadmap", 1}, {"ndcg@10", 1}}),
            "  eval_ndcg@ten  1.0000\n"
            "  roadmap        1.0000\n"
            "  ndcg@10        1.0000\n");
}

TEST(MetricsTable, OfNothingIsEmpty) {
  EXPECT_EQ(metrics_table({}), "");
}

}  // namespace
}  // namespace lambdaforge::experiments
