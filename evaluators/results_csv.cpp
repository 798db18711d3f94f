#include "evaluators/results_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.h"

namespace lambdaforge::evaluators {
namespace {

template <class Float>
std::string python_repr(Float value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string python_float(double value) {
  return python_repr(value);
}

std::string python_float32(float value) {
  return python_repr(value);
}

void append_row(const std::filesystem::path& path, LineEnd line_end, std::string_view columns,
                EvaluationPoint point, const std::vector<std::string>& cells) {
  const char* end = line_end == LineEnd::kLf ? "\n" : "\r\n";
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::string rows;
  if (!std::filesystem::exists(path)) rows = fmt::format("epoch,steps,{}{}", columns, end);
  // Outside a run the peer's epoch is the integer -1; within one it is a float.
  rows += fmt::format("{},{},{}{}", point.epoch == -1 ? "-1" : python_float(point.epoch),
                      point.step, fmt::join(cells, ","), end);
  append_to_file(path, rows);
}

void append_results(const std::filesystem::path& path, LineEnd line_end, int64_t at_k,
                    EvaluationPoint point, const Evaluation& evaluation,
                    const std::string& prefix) {
  const auto cell = [&](const std::string& metric) {
    return python_float(evaluation.at(prefix + metric));
  };
  append_row(path, line_end, fmt::format("MAP,MRR@{0},NDCG@{0}", at_k), point,
             {cell("map"), cell(fmt::format("mrr@{}", at_k)), cell(fmt::format("ndcg@{}", at_k))});
}

}  // namespace lambdaforge::evaluators
