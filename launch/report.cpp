#include "launch/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

namespace lambdaforge::launch {
namespace {

// Set by mpirun and by srun; the error may come before MPI is there to ask.
std::string rank_in_environment() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char* rank = std::getenv(name)) return rank;
  return "";
}

// libtorch puts the C++ stack behind its messages: nothing that a user could act on.
std::string_view without_stack(std::string_view message) {
  return message.substr(
      0, std::min(message.find("\nException raised from "), message.find("\nframe #")));
}

}  // namespace

void report(const std::exception& error) {
  const std::string rank = rank_in_environment();
  const std::string_view message = without_stack(error.what());
  if (rank.empty() || rank == "0") {
    std::cerr << "lambdaforge: " << message << std::endl;
    return;
  }
  std::this_thread::sleep_for(std::chrono::seconds(5));
  std::cerr << fmt::format("lambdaforge (rank {}): {}\n", rank, message) << std::flush;
}

void warn_if_unfinished(const std::string& model, const std::vector<std::string>& missing) {
  if (missing.empty()) return;
  std::cerr << fmt::format("{} is no finished reranker: {} come from a random start\n", model,
                           fmt::join(missing, ", "));
}

}  // namespace lambdaforge::launch
