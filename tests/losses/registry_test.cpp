#include "losses/registry.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/losses/loss_testing.h"

namespace lambdaforge::losses {
namespace {

using testing::evaluate;
using testing::one_list;

std::string message_of(const LossOptions& options) {
  try {
    build_loss(options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(BuildLoss, TakesTheDefaults) {
  EXPECT_EQ(message_of({}), "no error");
}

TEST(BuildLoss, SuggestsTheNearestName) {
  EXPECT_TRUE(
      message_of({.name = "LamdaLoss"})
          .starts_with("unknown loss 'LamdaLoss'; did you mean 'LambdaLoss'? known: ADRMSELoss, "));
  EXPECT_EQ(message_of({.weighting_scheme = "NDCGLoss2P"}),
            "unknown weighting scheme 'NDCGLoss2P'; did you mean 'NDCGLoss2'? "
            "known: LambdaRank, MAP, MRR, NDCGLoss1, NDCGLoss2, NDCGLoss2PP, NoWeighting");
  EXPECT_EQ(message_of({.reduction_log = "binry"}),
            "unknown reduction_log 'binry'; did you mean 'binary'? known: binary, natural");
  EXPECT_EQ(message_of({.semantics = "papers"}),
            "unknown semantics 'papers'; did you mean 'paper'? known: legacy, paper");
}

TEST(BuildLoss, NamesTheOptionWithAnImpossibleValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message_of({.k = 0}),
            "k = 0 came for LambdaLoss, but it must be at least 1; "
            "leave it out to rank whole lists");
  EXPECT_EQ(message_of({.mu = -1}),
            "mu = -1 came for LambdaLoss, but it must be a finite number that is not negative");
  for (const double sigma : {0.0, -1.0, nan}) {
    EXPECT_NE(message_of({.sigma = sigma}).find("sigma = "), std::string::npos);
  }
  for (const double eps : {0.0, -1.0, nan}) {
    EXPECT_NE(message_of({.eps = eps}).find("eps = "), std::string::npos);
  }
}

TEST(BuildLoss, RankNetIsLambdaLossWithoutWeights) {
  const auto batch = one_list({0.3, -1.2, 2.0, 0.3}, {1, 0, 0, 2});
  const auto rank_net = evaluate(build_loss({.name = "RankNetLoss", .k = 2}), batch);
  const auto lambda = evaluate(build_loss({.weighting_scheme = "NoWeighting", .k = 2}), batch);
  EXPECT_EQ(rank_net.sum, lambda.sum);
  EXPECT_EQ(rank_net.count, lambda.count);
  EXPECT_EQ(rank_net.gradient, lambda.gradient);
}

// Every option of LambdaLoss but those of its weights.
TEST(LossOptions, NamesAllThatRankNetReads) {
  EXPECT_EQ(loss_options("RankNetLoss"),
            (std::vector<std::string>{"k", "sigma", "eps", "reduction_log", "semantics",
                                      "activation_fn"}));
  const auto batch = one_list({0.3, -1.2, 2.0, 0.3}, {1, 0, 0, 2});
  const auto sum_of = [&](const std::string& semantics) {
    return evaluate(build_loss({.name = "RankNetLoss", .k = 2, .semantics = semantics}), batch).sum;
  };
  EXPECT_NE(sum_of("paper"), sum_of("legacy"));
}

}  // namespace
}  // namespace lambdaforge::losses
