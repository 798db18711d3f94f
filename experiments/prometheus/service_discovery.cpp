#include "experiments/prometheus/service_discovery.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

// ASCII only: isalnum would ask the locale.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

std::string file_name_part(const std::string& name) {
  std::string part;
  for (const char c : name)
    part += is_plain(c) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return part;
}

}  // namespace

std::filesystem::path target_path(const std::filesystem::path& folder, const ScrapeTarget& target) {
  return folder / fmt::format("{}.{}.{}.json", file_name_part(target.project),
                              file_name_part(target.run), target.rank);
}

std::string scrape_parameter(const ScrapeTarget& target) {
  return fmt::format("{}/{}/{}", target.project, target.run, target.rank);
}

void write_target(const std::filesystem::path& folder, const ScrapeTarget& target) {
  nlohmann::json labels = {{"project", target.project},
                           {"run", target.run},
                           {"rank", std::to_string(target.rank)},
                           {"__param_run", scrape_parameter(target)}};
  if (target.tls) labels["__scheme__"] = "https";
  const nlohmann::json groups = {{{"targets", {target.address}}, {"labels", labels}}};
  std::filesystem::create_directories(folder);
  write_file_atomically(target_path(folder, target), groups.dump(2) + "\n");
}

}  // namespace lambdaforge::experiments
