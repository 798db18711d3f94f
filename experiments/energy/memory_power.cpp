#include "experiments/energy/memory_power.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string_view>

#include "experiments/energy/process_tree.h"

namespace lambdaforge::experiments::energy {
namespace {

constexpr double kBytesPerGib = 1024.0 * 1024 * 1024;

// How many modules so much memory is usually made of.
double module_count(double gib) {
  if (gib <= 2) return 1;
  if (gib <= 16) return 2;
  if (gib <= 64) return 4;
  if (gib <= 128) return 8;
  const double largest = gib / 8 >= 128 ? 128 : gib / 8 >= 64 ? 64 : gib / 8 >= 32 ? 32 : 16;
  return std::min(std::ceil(gib / largest), 32.0);
}

bool machine_is_arm() {
  utsname system{};
  uname(&system);
  const std::string_view machine = system.machine;
  return machine.find("arm") != machine.npos || machine.find("aarch") != machine.npos;
}

double machine_gib(const std::filesystem::path& proc) {
  std::ifstream file(proc / "meminfo");
  std::string name;
  double kibibytes = 0;
  file >> name >> kibibytes;  // "MemTotal:  24684096 kB"
  return kibibytes * 1024 / kBytesPerGib;
}

class MachineMemory : public EnergySource {
 public:
  explicit MachineMemory(double gib) : gib_(gib) {}
  Component component() const override { return Component::kMemory; }
  std::string description() const override {
    return fmt::format("memory: {:g} W for {:.1f} GiB", watts_, gib_);
  }
  double measure(double seconds) override { return watts_ * seconds; }

 private:
  const double gib_;
  const double watts_ = memory_watts(gib_, machine_is_arm());
};

class ProcessMemory : public EnergySource {
 public:
  ProcessMemory(std::filesystem::path proc, std::vector<pid_t> roots)
      : proc_(std::move(proc)), roots_(std::move(roots)) {}
  Component component() const override { return Component::kMemory; }
  std::string description() const override {
    return "memory: by what the run's processes hold of it";
  }
  double measure(double seconds) override {
    const double gib = use_of_trees(proc_, roots_).resident_bytes / kBytesPerGib;
    return memory_watts(gib, is_arm_) * seconds;
  }

 private:
  const std::filesystem::path proc_;
  const std::vector<pid_t> roots_;
  const bool is_arm_ = machine_is_arm();
};

}  // namespace

double memory_watts(double gib, bool is_arm) {
  const double watts = is_arm ? 1.5 : 5;
  const double modules = module_count(gib);
  const auto between = [&](double from, double to) {
    return std::clamp(modules - from, 0.0, to - from);
  };
  const double sum =
      watts * (between(0, 4) + 0.9 * between(4, 8) + 0.8 * between(8, 16) + 0.7 * between(16, 32));
  return std::max(2 * watts, sum);
}

std::unique_ptr<EnergySource> make_machine_memory(const std::filesystem::path& proc) {
  return std::make_unique<MachineMemory>(machine_gib(proc));
}

std::unique_ptr<EnergySource> make_process_memory(const std::filesystem::path& proc,
                                                  std::vector<pid_t> roots) {
  return std::make_unique<ProcessMemory>(proc, std::move(roots));
}

}  // namespace lambdaforge::experiments::energy
