#include "base/suggestion.h"

#include <gtest/gtest.h>

namespace lambdaforge {
namespace {

const std::vector<std::string> kLosses = {"LambdaLoss", "ListNetLoss", "RankNetLoss"};

TEST(NearestName, FindsATypo) {
  EXPECT_EQ(nearest_name("LamdaLoss", kLosses), "LambdaLoss");
}

TEST(NearestName, RefusesAStranger) {
  EXPECT_EQ(nearest_name("hinge", kLosses), std::nullopt);
}

TEST(UnknownNameMessage, SaysWhatCameAndWhatWasExpected) {
  EXPECT_EQ(unknown_name_message("loss", "LamdaLoss", kLosses),
            "unknown loss 'LamdaLoss'; did you mean 'LambdaLoss'? "
            "known: LambdaLoss, ListNetLoss, RankNetLoss");
}

}  // namespace
}  // namespace lambdaforge
