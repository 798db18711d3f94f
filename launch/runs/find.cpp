#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/printable.h"
#include "base/suggestion.h"
#include "experiments/run_store/index.h"
#include "launch/runs.h"

namespace lambdaforge::launch {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> known_runs(const fs::path& folder) {
  std::vector<std::string> known;
  if (std::error_code error; fs::is_directory(folder, error))
    for (const fs::path& path : experiments::find_runs(folder))
      known.push_back(path.lexically_relative(folder).string());
  return known;
}

// One that has this name in whatever project, else one that is written like it.
std::optional<std::string> nearest_run(const std::string& run,
                                       const std::vector<std::string>& known) {
  const auto named = std::find_if(known.begin(), known.end(), [&](const std::string& path) {
    return fs::path(path).filename() == run;
  });
  return named == known.end() ? nearest_name(run, known) : *named;
}

}  // namespace

fs::path find_run(const std::string& folder, const std::string& run) {
  std::error_code error;
  for (const fs::path& path : {fs::path(run), fs::path(folder) / run}) {
    if (fs::exists(path / experiments::kRunFileName, error)) return path;
    if (path.filename() == experiments::kRunFileName && fs::exists(path, error))
      return path.has_parent_path() ? path.parent_path() : fs::path(".");
  }
  const std::vector<std::string> known = known_runs(folder);
  if (known.empty())
    throw std::invalid_argument(
        fmt::format("no run '{}' here, and no runs at all in {}; --folder names where yours are",
                    printable(run), printable(folder)));
  const auto nearest = nearest_run(run, known);
  throw std::invalid_argument(fmt::format(
      "no run '{}' here nor in {}; {}'lambdaforge runs list {}' names them", printable(run),
      printable(folder), nearest ? fmt::format("did you mean '{}'? ", printable(*nearest)) : "",
      printable(folder)));
}

}  // namespace lambdaforge::launch
