// Files that tell Prometheus whom to scrape (file_sd_configs).
#pragma once

#include <filesystem>
#include <string>

namespace lambdaforge::experiments {

struct ScrapeTarget {
  std::string project, run;
  int rank = 0;         // the one that tells
  std::string address;  // "node7:9400"
  bool tls = false;
};

// <folder>/<project>.<run>.<rank>.json; what would not do in a file's name, or be taken for another
// run's, is percent-encoded.
std::filesystem::path target_path(const std::filesystem::path& folder, const ScrapeTarget& target);

// "project/run/rank": what a scrape asks for (?run=), so that no other run answers it.
std::string scrape_parameter(const ScrapeTarget& target);

// Writes the file, and the folder where it is missing; Prometheus sees it at once. Labels: project,
// run, rank, so that `up` knows whose exporter is gone; and what Prometheus obeys: __param_run, for
// TLS __scheme__.
// Throws std::runtime_error that names the path.
void write_target(const std::filesystem::path& folder, const ScrapeTarget& target);

}  // namespace lambdaforge::experiments
