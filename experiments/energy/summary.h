// Totals as the figures that people and sinks read.
#pragma once

#include <string>

#include "experiments/energy/carbon_intensity.h"
#include "experiments/energy/energy.h"
#include "experiments/event.h"

namespace lambdaforge::experiments::energy {

// `pue` multiplies power and energy. Watts and the step are left at 0.
EnergyMeasured to_event(const Totals& totals, double pue, const CarbonIntensity& intensity);

double total_kwh(const EnergyMeasured& energy);

// Two digits that count, whatever the size: "0.021 kWh", "0.00012 kWh", "12 kWh".
std::string format_kwh(double kwh);

// "0.021 kWh (CPU 0.018 kWh, GPU 0 kWh, memory 0.0030 kWh), 10 g CO2e in 760.2 s"
std::string summary(const EnergyMeasured& energy);

}  // namespace lambdaforge::experiments::energy
