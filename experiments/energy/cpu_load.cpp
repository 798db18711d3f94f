#include "experiments/energy/cpu_load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "experiments/energy/process_tree.h"

namespace lambdaforge::experiments::energy {
namespace {

struct Ticks {
  double busy = 0, all = 0;
};

// The first line of proc_stat(5). Guests' time is part of user's and nice's already.
Ticks read_ticks(const std::filesystem::path& proc) {
  enum { kUser, kNice, kSystem, kIdle, kIoWait, kIrq, kSoftIrq, kSteal, kFields };
  std::array<double, kFields> ticks{};
  std::ifstream file(proc / "stat");
  std::string cpu;
  file >> cpu;
  for (double& field : ticks) file >> field;
  Ticks result;
  for (const double field : ticks) result.all += field;
  result.busy = result.all - ticks[kIdle] - ticks[kIoWait];
  return result;
}

class MachineLoad : public EnergySource {
 public:
  MachineLoad(ProcessorPower power, std::filesystem::path proc)
      : power_(std::move(power)), proc_(std::move(proc)), last_(read_ticks(proc_)) {}

  Component component() const override { return Component::kCpu; }
  std::string description() const override {
    return fmt::format("CPU: load of the machine ({}; {})",
                       power_.model.empty() ? "unknown" : power_.model, power_.source);
  }

  double measure(double seconds) override {
    const Ticks now = read_ticks(proc_);
    const double all = now.all - last_.all;
    if (all > 0) load_ = std::clamp((now.busy - last_.busy) / all, 0.0, 1.0);
    last_ = now;
    return power_.watts * (0.1 + 0.9 * load_ * load_ * load_) * seconds;
  }

 private:
  const ProcessorPower power_;
  const std::filesystem::path proc_;
  Ticks last_;
  double load_ = 0;  // kept where no tick went by
};

class ProcessLoad : public EnergySource {
 public:
  ProcessLoad(ProcessorPower power, std::filesystem::path proc, std::vector<pid_t> roots)
      : power_(std::move(power)),
        proc_(std::move(proc)),
        roots_(std::move(roots)),
        last_(use_of_trees(proc_, roots_).cpu_seconds) {}

  Component component() const override { return Component::kCpu; }
  std::string description() const override {
    return fmt::format("CPU: load of the run's processes ({}; {})",
                       power_.model.empty() ? "unknown" : power_.model, power_.source);
  }

  // A process that left the tree takes its past with it: that is no negative load.
  double measure(double) override {
    const double now = use_of_trees(proc_, roots_).cpu_seconds;
    const double used = std::max(now - last_, 0.0);
    last_ = now;
    return power_.watts * used / threads_;
  }

 private:
  const ProcessorPower power_;
  const std::filesystem::path proc_;
  const std::vector<pid_t> roots_;
  const double threads_ = static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
  double last_;
};

}  // namespace

std::unique_ptr<EnergySource> make_machine_load(ProcessorPower power,
                                                const std::filesystem::path& proc) {
  return std::make_unique<MachineLoad>(std::move(power), proc);
}

std::unique_ptr<EnergySource> make_process_load(ProcessorPower power,
                                                const std::filesystem::path& proc,
                                                std::vector<pid_t> roots) {
  return std::make_unique<ProcessLoad>(std::move(power), proc, std::move(roots));
}

}  // namespace lambdaforge::experiments::energy
