#include "evaluators/results_csv.h"

#include <fmt/format.h>

#include "base/files.h"

namespace lambdaforge::evaluators {

std::string python_float(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

void append_results(const std::filesystem::path& path, LineEnd line_end, int64_t at_k,
                    EvaluationPoint point, const Evaluation& evaluation,
                    const std::string& prefix) {
  const char* end = line_end == LineEnd::kLf ? "\n" : "\r\n";
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::string rows;
  if (!std::filesystem::exists(path))
    rows = fmt::format("epoch,steps,MAP,MRR@{0},NDCG@{0}{1}", at_k, end);
  // Outside a run the peer's epoch is the integer -1; within one it is a float.
  rows += fmt::format("{},{},{},{},{}{}", point.epoch == -1 ? "-1" : python_float(point.epoch),
                      point.step, python_float(evaluation.at(prefix + "map")),
                      python_float(evaluation.at(fmt::format("{}mrr@{}", prefix, at_k))),
                      python_float(evaluation.at(fmt::format("{}ndcg@{}", prefix, at_k))), end);
  append_to_file(path, rows);
}

}  // namespace lambdaforge::evaluators
