#include "experiments/energy/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lambdaforge::experiments::energy {

EnergyMeasured to_event(const Totals& totals, double pue, const CarbonIntensity& intensity) {
  const auto kwh = [&](double joules) { return joules * pue / kJoulesPerKwh; };
  EnergyMeasured event;
  event.seconds = totals.seconds;
  event.cpu_kwh = kwh(totals.component(Component::kCpu));
  event.gpu_kwh = kwh(totals.component(Component::kGpu));
  event.memory_kwh = kwh(totals.component(Component::kMemory));
  event.emissions_kg = kwh(totals.all()) * intensity.grams_per_kwh / 1000;
  for (size_t phase = 0; phase < kNumPhases; ++phase)
    event.phase_kwh.emplace_back(kPhaseNames[phase], kwh(totals.phase(phase)));
  return event;
}

double total_kwh(const EnergyMeasured& energy) {
  return energy.cpu_kwh + energy.gpu_kwh + energy.memory_kwh;
}

std::string format_kwh(double kwh) {
  if (kwh <= 0) return "0 kWh";
  const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(kwh))), 0, 9);
  return fmt::format("{:.{}f} kWh", kwh, decimals);
}

std::string summary(const EnergyMeasured& energy) {
  return fmt::format("{} (CPU {}, GPU {}, memory {}), {:.3g} g CO2e in {:.1f} s",
                     format_kwh(total_kwh(energy)), format_kwh(energy.cpu_kwh),
                     format_kwh(energy.gpu_kwh), format_kwh(energy.memory_kwh),
                     energy.emissions_kg * 1000, energy.seconds);
}

}  // namespace lambdaforge::experiments::energy
