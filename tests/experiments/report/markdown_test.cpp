#include "experiments/report/markdown.h"

#include <gtest/gtest.h>

namespace lambdaforge::experiments {
namespace {

TEST(EscapeMarkdown, KeepsTextAndTakesItsPowerAway) {
  EXPECT_EQ(escape_markdown("plain, text. 1 + 1"), "plain, text. 1 + 1");
  EXPECT_EQ(escape_markdown("<b>&"), "&#60;b&#62;&#38;");
  EXPECT_EQ(escape_markdown("a|b\nc"), "a&#124;b<br>c");
  EXPECT_EQ(escape_markdown("[x](y) `z` **w**"),
            "&#91;x&#93;(y) &#96;z&#96; &#42;&#42;w&#42;&#42;");
  EXPECT_EQ(escape_markdown("_a_b_"), "&#95;a_b&#95;");
  EXPECT_EQ(escape_markdown("bell\a"), "bell");
  EXPECT_EQ(escape_markdown("Füße"), "Füße");
}

TEST(MarkdownTable, AlignsCellsByCharacters) {
  EXPECT_EQ(markdown_table({{"name", "x"}, {"é", "12"}}, Align::kLeft),
            "| name | x  |\n|:-----|:---|\n| é    | 12 |\n");
  EXPECT_EQ(markdown_table({{"Epoch"}, {"1"}}, Align::kCentre),
            "| Epoch |\n|:-----:|\n|   1   |\n");
}

TEST(Indent, LeavesEmptyLinesAlone) {
  EXPECT_EQ(indent("a\n\nb\n", "  "), "  a\n\n  b\n");
  EXPECT_EQ(indent("a", "  "), "  a");
  EXPECT_EQ(indent("", "  "), "");
}

TEST(PythonText, IsALiteralOnOneLine) {
  EXPECT_EQ(python_text("plain"), "'plain'");
  EXPECT_EQ(python_text("it's"), "\"it's\"");
  EXPECT_EQ(python_text("it's \"so\""), "'it\\'s \"so\"'");
  EXPECT_EQ(python_text("a\nb\\c\x01"), "'a\\nb\\\\c\\x01'");
}

}  // namespace
}  // namespace lambdaforge::experiments
