#include "launch/evaluated_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "evaluators/named_metrics.h"
#include "evaluators/per_query.h"
#include "evaluators/run_evaluation.h"
#include "experiments/trainer_state.h"
#include "trainer/data/beir_reader.h"

namespace lambdaforge::launch {
namespace {

namespace fs = std::filesystem;

std::optional<int64_t> best_step(const fs::path& run) {
  const fs::path state = run / "trainer_state.json";
  if (!fs::exists(state)) return std::nullopt;
  return experiments::load_trainer_state(state).best_global_step;
}

// The file that stands for a training run; nullopt: the folder holds no evaluations.
std::optional<fs::path> chosen_evaluation(const fs::path& run) {
  const fs::path evaluations = run / "eval";
  const std::vector<int64_t> steps = evaluators::per_query_steps(evaluations);
  if (steps.empty()) return std::nullopt;
  const int64_t step = best_step(run).value_or(steps.back());
  if (!std::binary_search(steps.begin(), steps.end(), step))
    throw std::invalid_argument(fmt::format(
        "{} is missing, though step {} is the run's best; name another file of that folder",
        evaluators::per_query_path(evaluations, step).string(), step));
  return evaluators::per_query_path(evaluations, step);
}

fs::path find_per_query(const fs::path& path) {
  if (!fs::is_directory(path)) return path;
  if (fs::exists(path / "per_query.csv")) return path / "per_query.csv";
  if (const auto evaluation = chosen_evaluation(path)) return *evaluation;
  throw std::invalid_argument(
      fmt::format("{} holds neither per_query.csv, which 'lambdaforge evaluate --output' writes, "
                  "nor a training run's eval/per_query",
                  path.string()));
}

void check_no_folder(const std::string& path) {
  if (fs::is_directory(path))
    throw std::invalid_argument(fmt::format(
        "{} is a folder; with --qrels, give run files in TREC's format, such as the run.SET.trec "
        "that 'lambdaforge evaluate --beir --output' writes",
        path));
}

// "data/msmarco.qrels" and "data/msmarco.qrels.gz" -> "msmarco"
std::string data_set_of(fs::path qrels) {
  if (qrels.extension() == ".gz") qrels.replace_extension();
  return qrels.stem();
}

}  // namespace

evaluators::EvaluatedRun load_evaluated_run(const std::string& path) {
  const fs::path file = find_per_query(path);
  return {file.string(), evaluators::read_per_query(file)};
}

evaluators::EvaluatedRun evaluate_run_file(const std::string& run, const std::string& qrels,
                                           const std::string& metric) {
  for (const std::string& path : {run, qrels}) check_no_folder(path);
  const auto evaluation =
      evaluators::evaluate_run(trainer::read_first_stage(run), trainer::read_judgements(qrels),
                               {evaluators::parse_metric(metric)}, data_set_of(qrels) + "_");
  return {run, evaluation.per_query};
}

}  // namespace lambdaforge::launch
