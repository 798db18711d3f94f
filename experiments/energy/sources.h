// What this machine can be measured by: counters where there are some, estimates where not.
#pragma once

#include <memory>
#include <vector>

#include "experiments/energy/options.h"

namespace lambdaforge::experiments::energy {

struct Sources {
  std::vector<std::unique_ptr<EnergySource>> list;
  Hardware hardware;
};

// `report` hears of what falls back to an estimate and why, now and later, on the thread that
// measures; it must not throw.
Sources find_sources(const MeterOptions& options, const Report& report);

}  // namespace lambdaforge::experiments::energy
