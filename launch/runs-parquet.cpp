// lambdaforge-runs-parquet RUN.h5 scalars|per_query OUTPUT: what `lambdaforge runs export --format
// parquet` becomes.
#include <fmt/format.h>

#include <stdexcept>

#include "experiments/run_store/run_file.h"
#include "launch/report.h"
#include "trainer/data/parquet_file.h"

namespace lambdaforge::launch {
namespace {

using experiments::RunRows;
using trainer::ParquetColumn;

std::vector<ParquetColumn> scalars(const RunRows& rows) {
  std::vector<int64_t> steps;
  std::vector<double> times, values;
  std::vector<std::string> names;
  for (const experiments::ScalarRow& row : rows.scalars) {
    steps.push_back(row.step);
    times.push_back(row.time);
    names.push_back(rows.series.name(row.series));
    values.push_back(row.value);
  }
  return {{"step", steps}, {"time", times}, {"name", names}, {"value", values}};
}

std::vector<ParquetColumn> per_query(const RunRows& rows) {
  std::vector<int64_t> steps;
  std::vector<double> times, values;
  std::vector<std::string> metrics, queries;
  for (const experiments::PerQueryRow& row : rows.per_query) {
    const auto& evaluation = rows.evaluations[static_cast<size_t>(row.evaluation)];
    steps.push_back(evaluation.step);
    times.push_back(evaluation.time);
    metrics.push_back(rows.series.name(row.metric));
    queries.push_back(rows.queries.name(row.query));
    values.push_back(row.value);
  }
  return {
      {"step", steps}, {"time", times}, {"metric", metrics}, {"query", queries}, {"value", values}};
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) try {
  using namespace lambdaforge;
  if (argc != 4) throw std::invalid_argument("expected RUN.h5, scalars or per_query, and a file");
  const experiments::RunRows rows = experiments::read_run(argv[1]).rows;
  const bool of_queries = argv[2] == std::string("per_query");
  trainer::write_parquet(argv[3], of_queries ? launch::per_query(rows) : launch::scalars(rows));
  return 0;
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  return 1;
}
