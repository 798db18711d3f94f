#include "trainer/data/text_lines.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "tests/trainer/data/test_files.h"

namespace lambdaforge::trainer {
namespace {

using Lines = std::vector<std::string>;

Lines all_of(TextLines& lines) {
  Lines all;
  for (std::string line; lines.next(line);) all.push_back(line);
  return all;
}

Lines all_of(const std::filesystem::path& path) {
  TextLines lines(path);
  return all_of(lines);
}

TEST(TextLines, AreTheSameHoweverTheFileIsWritten) {
  const auto folder = scratch_folder();
  const Lines expected = {"first", "", "last"};
  EXPECT_EQ(all_of(write_text(folder / "plain", "first\n\nlast\n")), expected);
  EXPECT_EQ(all_of(write_text(folder / "no_end", "first\n\nlast")), expected);
  EXPECT_EQ(all_of(write_text(folder / "windows",
                              "\xEF\xBB\xBF"
                              "first\r\n\r\nlast\r\n")),
            expected);
  EXPECT_EQ(all_of(write_gzip(folder / "zipped", "first\n\nlast\n")), expected);
}

TEST(TextLines, ComeOutOfWhatIsOpen) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  ASSERT_EQ(write(ends[1], "a\nb\n", 4), 4);
  close(ends[1]);
  {
    TextLines lines(ends[0], "the pipe");
    EXPECT_EQ(all_of(lines), (Lines{"a", "b"}));
  }
  EXPECT_EQ(close(ends[0]), 0);
}

TEST(TextLines, NameWhatCannotBeRead) {
  const auto folder = scratch_folder();
  EXPECT_CONTAINS(message_of<std::runtime_error>([&] { all_of(folder); }), "it is a folder");
  const int descriptor = open(folder.c_str(), O_RDONLY);
  EXPECT_CONTAINS(message_of<std::runtime_error>([&] {
                    TextLines lines(descriptor, "standard input");
                    all_of(lines);
                  }),
                  "cannot read standard input: Is a directory");
  close(descriptor);
}

TEST(ForEachLine, NamesTheLineOfAnError) {
  const auto path = write_text(scratch_folder() / "lines", "a\n \nb\n");
  EXPECT_CONTAINS(message_of<std::invalid_argument>([&] {
                    for_each_line(path, [](const std::string& line) {
                      if (line != "a") throw std::invalid_argument("no a");
                    });
                  }),
                  "lines, line 3: no a");
}

}  // namespace
}  // namespace lambdaforge::trainer
