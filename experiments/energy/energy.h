// What the meter measures: joules by component and by phase of the run.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace lambdaforge::experiments::energy {

inline constexpr double kJoulesPerKwh = 3.6e6;

enum class Component { kCpu, kGpu, kMemory };
inline constexpr size_t kNumComponents = 3;

// What a run is busy with; idle: starting up, waiting for data to be opened.
enum class Phase { kTraining, kEvaluation, kCheckpoint, kIdle };
inline constexpr size_t kNumPhases = 4;
inline constexpr std::array<const char*, kNumPhases> kPhaseNames = {"training", "evaluation",
                                                                    "checkpoint", "idle"};

// By component, in joules.
using Joules = std::array<double, kNumComponents>;

// What was consumed so far. Plain numbers, so that the sums over nodes are sums of them.
struct Totals {
  double seconds = 0;  // that were measured
  std::array<Joules, kNumPhases> joules{};

  double component(Component component) const {
    double sum = 0;
    for (const Joules& phase : joules) sum += phase[static_cast<size_t>(component)];
    return sum;
  }
  double phase(size_t phase) const {
    double sum = 0;
    for (const double joules_of_component : joules[phase]) sum += joules_of_component;
    return sum;
  }
  double all() const {
    double sum = 0;
    for (size_t i = 0; i < kNumPhases; ++i) sum += phase(i);
    return sum;
  }

  bool operator==(const Totals&) const = default;
};

// Totals as numbers that can be summed over ranks, and back.
inline constexpr size_t kNumTotals = 1 + kNumPhases * kNumComponents;
using TotalsNumbers = std::array<double, kNumTotals>;

// Something that draws power.
class EnergySource {
 public:
  virtual ~EnergySource() = default;

  virtual Component component() const = 0;
  // "CPU: RAPL (package-0, package-1)": what is measured, and how.
  virtual std::string description() const = 0;
  // Joules since the call before, or since the source was made; `seconds` went by meanwhile.
  // Reports what fails and throws nothing.
  virtual double measure(double seconds) = 0;
};

// Hears a sentence about what cannot be measured, and what is done instead.
using Report = std::function<void(const std::string&)>;

}  // namespace lambdaforge::experiments::energy
