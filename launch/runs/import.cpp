#include <fmt/format.h>

#include <stdexcept>

#include "base/printable.h"
#include "experiments/run_store/hugging_face.h"
#include "experiments/run_store/run_file.h"
#include "launch/program.h"
#include "launch/runs.h"

namespace lambdaforge::launch {
namespace {

namespace fs = std::filesystem;

// One folder's name, not a way out of the runs' folder.
void check_name(const std::string& what, const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw std::invalid_argument(
        fmt::format("--{} '{}' cannot be the name of a folder; expected one without a slash", what,
                    printable(name)));
}

std::string name_of(const fs::path& source) {
  const fs::path folder = fs::canonical(source);
  return folder.filename().string();
}

}  // namespace

void run(const RunsImportOptions& options) {
  if (!fs::is_directory(options.source))
    throw std::invalid_argument(
        fmt::format("{} is no folder; expected an output folder of Hugging Face's Trainer",
                    printable(options.source)));
  experiments::RunRecord record = experiments::read_hugging_face_run(options.source);
  record.head.project = options.project;
  record.head.name = options.name.empty() ? name_of(options.source) : options.name;
  check_name("project", record.head.project);
  check_name("name", record.head.name);
  const fs::path folder = fs::path(options.folder) / record.head.project / record.head.name;
  if (fs::exists(folder / experiments::kRunFileName))
    throw std::invalid_argument(
        fmt::format("{} is a run already; choose another --name", printable(folder.string())));
  fs::create_directories(folder);
  experiments::RunWriter(folder / experiments::kRunFileName, record).close();
  print(fmt::format("{} figures up to step {} in {}\n", record.rows.scalars.size(),
                    record.rows.heartbeat.step, printable(folder.string())));
}

}  // namespace lambdaforge::launch
