// The processor's own energy counters: RAPL, through Linux' powercap folder.
// https://docs.kernel.org/power/powercap/powercap.html
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/energy/energy.h"
#include "experiments/energy/reconciled_counter.h"

namespace lambdaforge::experiments::energy {

// One counter of the folder, unwrapped.
class RaplDomain {
 public:
  // `folder` holds name, energy_uj and max_energy_range_uj. Throws std::runtime_error that says how
  // to permit reading when a file cannot be read.
  RaplDomain(std::filesystem::path folder, std::string name);

  const std::string& name() const { return name_; }
  const std::filesystem::path& folder() const { return folder_; }
  double first_joules() const { return first_joules_; }

  // Joules since the domain was made; nullopt while the counter cannot be read (`problem` then says
  // why). A counter that wrapped around once since the last reading is set right.
  std::optional<double> joules();
  const std::string& problem() const { return problem_; }

 private:
  std::filesystem::path folder_;
  std::string name_;
  double range_ = 0;  // joules at which the counter starts at 0 again; 0: not known
  double first_joules_ = 0, last_ = 0, joules_ = 0;
  std::string problem_;
};

struct RaplDomains {
  std::vector<RaplDomain> processor;  // packages; without any, psys
  std::vector<RaplDomain> dram;
};

// What there is below `root`, "/sys/class/powercap". A package that is there twice, by MSR and by
// MMIO, counts once, by MMIO; cores and uncore are parts of a package. Empty: no RAPL here. Throws
// as RaplDomain does when a counter of the processor is there but cannot be read.
RaplDomains find_rapl_domains(const std::filesystem::path& root);

// The sum of counters of one component. Where a counter fails, `stand_in` is what counts until it
// can be read again (nullptr: nothing).
class RaplSource : public EnergySource {
 public:
  RaplSource(Component component, std::vector<RaplDomain> domains,
             std::unique_ptr<EnergySource> stand_in, Report report);

  Component component() const override { return component_; }
  std::string description() const override;
  double measure(double seconds) override;

 private:
  // Processors of several dies may show the same counter once a die. A domain that starts where
  // another one does counts only after it has shown that it goes its own way.
  struct Counter {
    RaplDomain domain;
    std::optional<size_t> mirrors;  // the counter that it looks like
    bool dropped = false;
  };

  std::optional<double> sum();
  void judge_mirrors(const std::vector<double>& joules);

  const Component component_;
  std::vector<Counter> counters_;
  std::unique_ptr<EnergySource> stand_in_;
  Report report_;
  ReconciledCounter total_{0.0};
  bool failing_ = false;
};

}  // namespace lambdaforge::experiments::energy
