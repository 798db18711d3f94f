#include "base/text_table.h"

#include <gtest/gtest.h>

namespace lambdaforge {
namespace {

TEST(AlignedRows, AreAsWideAsTheWidestCell) {
  EXPECT_EQ(aligned_rows({{"", "map", "mrr"}, {"long", "0.5"}, {"x", "0.25", "1"}}),
            "        map   mrr\n"
            "  long  0.5\n"
            "  x     0.25  1\n");
  EXPECT_EQ(aligned_rows({}), "");
}

}  // namespace
}  // namespace lambdaforge
