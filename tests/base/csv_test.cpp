#include "base/csv.h"

#include <gtest/gtest.h>

namespace lambdaforge {
namespace {

using Fields = std::vector<std::string>;

TEST(Csv, WhatIsQuotedReadsBack) {
  const Fields fields = {"plain", "a,b", "say \"so\"", "two\nlines", "\"", ""};
  std::string line;
  for (const std::string& field : fields) line += csv_field(field) + ",";
  line.back() = '\n';
  const auto records = parse_csv(line + "next\r\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].fields, fields);
  EXPECT_EQ(records[0].text, line);
  EXPECT_EQ(records[1].fields, Fields{"next"});
  EXPECT_EQ(records[1].text, "next\r\n");
}

TEST(Csv, SaysWhichRecordIsTorn) {
  for (const char* torn : {"2,b", "2,\"b\n", "2,"}) {
    const auto records = parse_csv(std::string("1,a\n") + torn);
    ASSERT_EQ(records.size(), 2u) << torn;
    EXPECT_TRUE(records[0].is_whole);
    EXPECT_FALSE(records[1].is_whole) << torn;
    EXPECT_EQ(records[1].text, torn);
  }
}

TEST(Csv, OfNothingIsNothing) {
  EXPECT_TRUE(parse_csv("").empty());
}

}  // namespace
}  // namespace lambdaforge
