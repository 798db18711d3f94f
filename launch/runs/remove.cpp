#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <stdexcept>

#include "base/printable.h"
#include "experiments/run_store/index.h"
#include "launch/program.h"
#include "launch/runs.h"

namespace lambdaforge::launch {
namespace {

namespace fs = std::filesystem;

struct Content {
  int64_t files = 0;
  double megabytes = 0;
};

// Throws when the folder holds more than a run: another run below it, or the current folder.
Content inspect(const fs::path& run) {
  if (fs::is_symlink(run))
    throw std::invalid_argument(
        fmt::format("{} is a link; name the run's own folder", printable(run.string())));
  const fs::path here = fs::weakly_canonical(fs::current_path());
  const fs::path folder = fs::canonical(run);
  if (const fs::path way = here.lexically_relative(folder); *way.begin() != "..")
    throw std::invalid_argument(
        fmt::format("{} is or holds the current folder", printable(run.string())));
  Content content;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == experiments::kRunFileName &&
        entry.path().parent_path() != folder)
      throw std::invalid_argument(fmt::format("{} is no run's folder alone: it holds {}, too",
                                              printable(run.string()),
                                              printable(entry.path().string())));
    if (!entry.is_regular_file() || entry.is_symlink()) continue;
    ++content.files;
    content.megabytes += static_cast<double>(entry.file_size()) / 1e6;
  }
  return content;
}

bool is_confirmed(const fs::path& run, const Content& content) {
  if (!isatty(STDIN_FILENO))
    throw std::invalid_argument(
        "nobody can be asked here: give --yes to delete without a question");
  print(fmt::format("delete {}: {} files, {:.1f} MB? [y/N] ", printable(run.string()),
                    content.files, content.megabytes));
  finish_output();
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

}  // namespace

void run(const RunsRemoveOptions& options) {
  for (const std::string& name : options.runs) {
    const fs::path run = find_run(options.folder, name);
    const auto summary = experiments::summarize_file(run / experiments::kRunFileName);
    if (experiments::status_name(summary) == "running" && !options.force)
      throw std::invalid_argument(
          fmt::format("{} is running; stop it first, or give --force", printable(run.string())));
    const Content content = inspect(run);
    if (!options.yes && !is_confirmed(run, content)) continue;
    // Renamed first: a half-deleted folder is no run.
    const fs::path doomed = fs::canonical(run).string() + ".deleted";
    fs::remove_all(doomed);
    fs::rename(fs::canonical(run), doomed);
    fs::remove(doomed / experiments::kRunFileName);
    fs::remove_all(doomed);
    print(fmt::format("deleted {}\n", printable(run.string())));
    finish_output();
  }
}

}  // namespace lambdaforge::launch
