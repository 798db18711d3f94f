#include "experiments/tensorboard/event_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments::tensorboard {
namespace {

std::filesystem::path fresh_path(const char* name) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove(path);
  return path;
}

void add_steps(EventFile& file, int64_t first, int64_t last) {
  for (int64_t step = first; step <= last; ++step) file.add_scalars({}, step, {{"train/loss", 1}});
}

// Readers stop at the first record that is not whole, so none may stay in the middle.
TEST(TensorBoardFile, IsAsIfTheDiskHadNeverBeenFull) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto expected_path = fresh_path("events.expected"), path = fresh_path("events.full");
  EventFile expected(expected_path, {});
  add_steps(expected, 1, 30);
  expected.flush();

  EventFile file(path, {});
  add_steps(file, 1, 10);
  file.flush();
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{std::filesystem::file_size(path) + 7, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  add_steps(file, 11, 20);
  EXPECT_THROW(file.flush(), std::runtime_error);
  setrlimit(RLIMIT_FSIZE, &before);
  add_steps(file, 21, 30);
  file.flush();
  EXPECT_EQ(read_file(path), read_file(expected_path));
}

}  // namespace
}  // namespace lambdaforge::experiments::tensorboard
