#include "experiments/energy/energy_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments::energy {
namespace {

using nlohmann::ordered_json;

constexpr std::array<const char*, kNumComponents> kComponentNames = {"cpu", "gpu", "memory"};

}  // namespace

void save_totals(const std::filesystem::path& path, const Totals& totals) {
  ordered_json json = {{"seconds", totals.seconds}};
  for (size_t phase = 0; phase < kNumPhases; ++phase)
    for (size_t i = 0; i < kNumComponents; ++i)
      json["joules"][kPhaseNames[phase]][kComponentNames[i]] = totals.joules[phase][i];
  write_file_atomically(path, json.dump(1) + "\n");
}

Totals load_totals(const std::filesystem::path& path) {
  Totals totals;
  if (!std::filesystem::exists(path)) return totals;
  try {
    const auto json = ordered_json::parse(read_file(path));
    totals.seconds = json.at("seconds");
    for (size_t phase = 0; phase < kNumPhases; ++phase)
      for (size_t i = 0; i < kNumComponents; ++i)
        totals.joules[phase][i] = json.at("joules").at(kPhaseNames[phase]).at(kComponentNames[i]);
  } catch (const ordered_json::exception& error) {
    throw std::invalid_argument(
        fmt::format("{} is damaged: {}; delete it to count the run's energy from zero",
                    path.string(), error.what()));
  }
  return totals;
}

}  // namespace lambdaforge::experiments::energy
