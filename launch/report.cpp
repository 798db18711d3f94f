#include "launch/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "base/error_text.h"

namespace lambdaforge::launch {
namespace {

// Set by mpirun and by srun; the error may come before MPI is there to ask.
std::string rank_in_environment() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char* rank = std::getenv(name)) return rank;
  return "";
}

}  // namespace

bool is_first_rank() {
  const std::string rank = rank_in_environment();
  return rank.empty() || rank == "0";
}

void report(const std::exception& error) {
  report(error_text(error), kPatience);
}

void report(const std::string& message, std::chrono::seconds patience) {
  if (is_first_rank()) {
    std::cerr << "lambdaforge: " << message << std::endl;
    return;
  }
  std::this_thread::sleep_for(patience);
  std::cerr << fmt::format("lambdaforge (rank {}): {}\n", rank_in_environment(), message)
            << std::flush;
}

void warn_if_unfinished(const std::string& model, const std::vector<std::string>& missing) {
  if (missing.empty()) return;
  std::cerr << fmt::format("{} is no finished reranker: {} come from a random start\n", model,
                           fmt::join(missing, ", "));
}

}  // namespace lambdaforge::launch
