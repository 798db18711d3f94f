#include "launch/program.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "launch/report.h"

namespace lambdaforge::launch {
namespace {

// errno is 0 when the stream has stopped at an earlier error.
void check_output() {
  if (std::cout) return;
  throw std::runtime_error(fmt::format("cannot write standard output: {}",
                                       errno ? strerror(errno) : "some of it was lost earlier"));
}

int give(const Answer& answer) {
  if (answer.exit_code() == 0)
    print(answer.what());
  else
    std::cerr << answer.what() << std::flush;
  return answer.exit_code();
}

int answered(int (*work)(const Arguments&), const Arguments& arguments) {
  try {
    return work(arguments);
  } catch (const Answer& answer) {
    return give(answer);
  }
}

}  // namespace

void print(std::string_view text) {
  errno = 0;
  std::cout << text;
  check_output();
}

void finish_output() {
  errno = 0;
  std::cout.flush();
  check_output();
}

int run_program(int argc, char** argv, int (*work)(const Arguments&),
                int (*exit_code_of)(const std::exception&)) {
  try {
    const int exit_code = answered(work, Arguments(argv + 1, argv + argc));
    if (exit_code == 0) finish_output();
    return exit_code;
  } catch (const std::exception& error) {
    report(error);
    return exit_code_of(error);
  }
}

}  // namespace lambdaforge::launch
