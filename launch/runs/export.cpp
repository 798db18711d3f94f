#include "experiments/run_store/export.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/files.h"
#include "experiments/run_store/run_file.h"
#include "launch/program.h"
#include "launch/runs.h"

namespace lambdaforge::launch {
namespace {

namespace fs = std::filesystem;

// Becomes the program that knows Parquet; returns only by an exception.
[[noreturn]] void start_parquet(const fs::path& file, const RunsExportOptions& options) {
  const std::string program =
      fs::read_symlink("/proc/self/exe").parent_path() / "lambdaforge-runs-parquet";
  ::execl(program.c_str(), program.c_str(), file.c_str(), options.table.c_str(),
          options.output.c_str(), nullptr);
  throw std::runtime_error(fmt::format("cannot start {}: {}", program, strerror(errno)));
}

std::string to_text(const experiments::RunRecord& run, const RunsExportOptions& options) {
  if (options.format == "json") return experiments::to_json(run);
  if (options.format == "jsonl") return experiments::scalars_jsonl(run.rows);
  return options.table == "scalars" ? experiments::scalars_csv(run.rows)
                                    : experiments::per_query_csv(run.rows);
}

}  // namespace

void run(const RunsExportOptions& options) {
  const fs::path file = find_run(options.folder, options.run) / experiments::kRunFileName;
  if (options.format == "parquet") start_parquet(file, options);
  const std::string text = to_text(experiments::read_run(file), options);
  if (options.output == "-")
    print(text);
  else
    write_file_atomically(options.output, text);
}

}  // namespace lambdaforge::launch
