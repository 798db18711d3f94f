#include "base/printable.h"

#include <gtest/gtest.h>

namespace lambdaforge {
namespace {

TEST(Printable, LeavesWordsAlone) {
  EXPECT_EQ(printable("eval_ndcg@10 <b> Größe 日本 😀"), "eval_ndcg@10 <b> Größe 日本 😀");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatSteersATerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\nc\t\x7f"), "a\\x1b[31mb\\nc\\x09\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");                   // C1: a control sequence, too
  EXPECT_EQ(printable("a\xe2\x80\xaemoc"), "a\\xe2\\x80\\xaemoc");  // right-to-left override
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(printable("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(printable("\xe2\x80"), "\\xe2\\x80");
}

}  // namespace
}  // namespace lambdaforge
