#include <fmt/format.h>

#include <stdexcept>

#include "base/printable.h"
#include "base/suggestion.h"
#include "experiments/run_store/index.h"
#include "launch/runs.h"

namespace lambdaforge::launch {

namespace fs = std::filesystem;

fs::path find_run(const std::string& folder, const std::string& run) {
  std::error_code error;
  for (const fs::path& path : {fs::path(run), fs::path(folder) / run}) {
    if (fs::exists(path / experiments::kRunFileName, error)) return path;
    if (path.filename() == experiments::kRunFileName && fs::exists(path, error))
      return path.has_parent_path() ? path.parent_path() : fs::path(".");
  }
  std::vector<std::string> known;
  if (fs::is_directory(folder, error))
    for (const fs::path& path : experiments::find_runs(folder))
      known.push_back(path.lexically_relative(folder).string());
  const auto nearest = nearest_name(run, known);
  throw std::invalid_argument(fmt::format(
      "no run '{}' here nor in {}; {}'lambdaforge runs list {}' names them", printable(run),
      printable(folder), nearest ? fmt::format("did you mean '{}'? ", printable(*nearest)) : "",
      printable(folder)));
}

}  // namespace lambdaforge::launch
