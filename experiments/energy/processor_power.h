// How much power this machine's processors are built for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lambdaforge::experiments::energy {

// The thermal design power [W] of a processor by its model name ("Intel(R) Xeon(R) CPU E5-2686 v4 @
// 2.30GHz"), from data/cpu_power.csv: first by the whole name, then by its words. Nullopt when no
// processor has that name, or several could be meant. The same answers as CodeCarbon 3.3.2,
// core/cpu.py, TDP._get_matching_cpu.
std::optional<double> thermal_design_power(std::string_view model);

struct ProcessorPower {
  std::string model;   // "" when the system does not tell
  double watts = 0;    // of all processors together
  std::string source;  // "180 W by CodeCarbon's table"
};

// What `proc`/cpuinfo says. An unknown model: 4 W a hardware thread; no model at all: 85 W
// (CodeCarbon 3.3.2's DEFAULT_POWER_PER_CORE and POWER_CONSTANT).
ProcessorPower processor_power(const std::filesystem::path& proc);

}  // namespace lambdaforge::experiments::energy
