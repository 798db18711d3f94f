// Evaluates a run for test_metrics.py. Prints {metric: {query: value}} as JSON and writes what it
// read into COPY_FOLDER/run and COPY_FOLDER/qrels.
//
//   evaluate_run RUN QRELS COPY_FOLDER METRIC...
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "evaluators/run_evaluation.h"

namespace lambdaforge::evaluators {
namespace {

template <class Read>
auto read(Read read_stream, const std::string& path) {
  std::ifstream input(path);
  if (!input) throw std::runtime_error("cannot read " + path);
  return read_stream(input, path);
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4)
    throw std::invalid_argument("usage: evaluate_run RUN QRELS COPY_FOLDER METRIC...");
  const Run run = read(read_run, arguments[0]);
  const Qrels qrels = read(read_qrels, arguments[1]);
  const std::filesystem::path copies = arguments[2];
  write_run(copies / "run", run);
  write_qrels(copies / "qrels", qrels);

  const auto metrics = parse_metrics({arguments.begin() + 3, arguments.end()});
  nlohmann::json json;
  for (const auto& [metric, values] : evaluate_run(run, qrels, metrics).per_query)
    for (const auto& [query, value] : values) json[metric][query] = value;
  std::cout << json.dump() << '\n';
  return 0;
}

}  // namespace
}  // namespace lambdaforge::evaluators

int main(int argc, char** argv) try {
  return lambdaforge::evaluators::run({argv + 1, argv + argc});
} catch (const std::exception& error) {
  std::cerr << "evaluate_run: " << error.what() << '\n';
  return 1;
}
