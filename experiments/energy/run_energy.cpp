#include "experiments/energy/run_energy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "experiments/energy/emissions_csv.h"
#include "experiments/energy/energy_state.h"
#include "experiments/energy/sources.h"
#include "experiments/energy/summary.h"

namespace lambdaforge::experiments::energy {
namespace {

// Shorter intervals say more about the meter's clock than about power.
constexpr double kLeastIntervalSeconds = 1;

TotalsNumbers numbers_of(const Totals& totals) {
  return std::bit_cast<TotalsNumbers>(totals);
}
Totals totals_of(const TotalsNumbers& numbers) {
  return std::bit_cast<Totals>(numbers);
}

TotalsNumbers plus(TotalsNumbers a, const TotalsNumbers& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}
TotalsNumbers minus(TotalsNumbers a, const TotalsNumbers& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

MeterOptions meter_options(const TrackingOptions& options, const RunPlace& place) {
  MeterOptions meter;
  meter.of_processes = options.energy_mode == "process";
  meter.processes = place.processes;
  meter.include_dram = options.rapl_include_dram;
  meter.gpus = place.gpus;
  return meter;
}

}  // namespace

RunEnergy::RunEnergy(const TrackingOptions& options, RunPlace place, Tracker& tracker)
    : options_(options), place_(std::move(place)), tracker_(tracker), is_on_(options.energy) {
  if (!is_on_) return;
  intensity_ = carbon_intensity(options.country_iso_code, options.region, options.carbon_intensity);
  if (place_.local_rank != 0) return;
  Sources sources = find_sources(meter_options(options_, place_),
                                 [this](const std::string& problem) { notice(problem); });
  hardware_ = std::move(sources.hardware);
  const bool has_past = is_main() && place_.goes_on;
  const Totals before = has_past ? load_totals(place_.folder / "energy.json") : Totals{};
  saved_ = interval_start_ = before;
  sum_ = numbers_of(before);
  meter_ = std::make_unique<Meter>(std::move(sources.list), before);
  next_save_ = steady_seconds() + options_.energy_interval;
  thread_ = std::make_unique<MeterThread>(*meter_, [this] { after_sample(); });
}

RunEnergy::~RunEnergy() {
  stop();
}

std::vector<std::string> RunEnergy::descriptions() const {
  if (!has_meter()) return {};
  std::vector<std::string> texts = meter_->descriptions();
  texts.push_back(fmt::format("{:g} g CO2e/kWh ({})", intensity_.grams_per_kwh, intensity_.source));
  return texts;
}

void RunEnergy::set_phase(Phase phase) {
  if (has_meter()) meter_->set_phase(phase);
}

Phase RunEnergy::phase() const {
  return has_meter() ? meter_->phase() : Phase::kIdle;
}

TotalsNumbers RunEnergy::share() {
  if (!has_meter()) return {};
  Totals totals = meter_->totals();
  if (!is_main()) totals.seconds = 0;  // one node's clock is the run's
  const std::lock_guard lock(mutex_);
  return share_ = numbers_of(totals);
}

void RunEnergy::exchanged(const TotalsNumbers& sum, int64_t step) {
  const std::lock_guard lock(mutex_);
  sum_ = sum;
  others_ = minus(sum, share_);
  step_ = step;
}

RunFigures RunEnergy::figures_of(const Totals& totals) const {
  RunFigures figures;
  figures.kwh = totals.all() * options_.pue / kJoulesPerKwh;
  figures.emissions_kg = figures.kwh * intensity_.grams_per_kwh / 1000;
  figures.seconds = totals.seconds;
  return figures;
}

RunFigures RunEnergy::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_of(totals_of(sum_));
}

RunFigures RunEnergy::latest() const {
  const std::lock_guard lock(mutex_);
  return figures_of(whole_run());
}

Totals RunEnergy::whole_run() const {
  return totals_of(plus(numbers_of(meter_->totals()), others_));
}

EnergyMeasured RunEnergy::measured() {
  const std::lock_guard lock(mutex_);
  const Totals totals = whole_run();
  const double seconds = totals.seconds - interval_start_.seconds;
  if (seconds >= kLeastIntervalSeconds) {
    for (size_t i = 0; i < kNumComponents; ++i) {
      const auto component = static_cast<Component>(i);
      const double joules = totals.component(component) - interval_start_.component(component);
      watts_[i] = std::max(joules, 0.0) * options_.pue / seconds;
    }
    interval_start_ = totals;
  }
  EnergyMeasured event = to_event(saved_, options_.pue, intensity_);
  event.step = step_;
  event.cpu_watts = watts_[static_cast<size_t>(Component::kCpu)];
  event.gpu_watts = watts_[static_cast<size_t>(Component::kGpu)];
  event.memory_watts = watts_[static_cast<size_t>(Component::kMemory)];
  return event;
}

void RunEnergy::tell() {
  if (!has_meter() || !is_main()) return;
  publish();
  const std::lock_guard lock(mutex_);
  is_save_asked_ = true;
}

void RunEnergy::after_sample() {
  if (!is_main()) return;
  const double now = steady_seconds();
  const bool is_due = now >= next_save_;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(is_save_asked_, false) && !is_due) return;
  }
  if (is_due) next_save_ = now + options_.energy_interval;
  save_or_notice(is_due);
  publish();
}

void RunEnergy::stop() {
  if (thread_) thread_->stop();
}

void RunEnergy::finish() {
  if (!has_meter() || !is_main()) return;
  save_or_notice(true);
  publish();
}

void RunEnergy::save(bool emissions_too) {
  Totals totals;
  {
    const std::lock_guard lock(mutex_);
    totals = whole_run();
  }
  save_totals(place_.folder / "energy.json", totals);
  {
    const std::lock_guard lock(mutex_);
    saved_ = totals;
  }
  if (!emissions_too) return;
  write_emissions(place_.folder / "emissions.csv",
                  {place_.project, place_.name, totals, options_.pue, intensity_, hardware_,
                   options_.energy_mode});
}

// A full disk must not end a run; what was not saved is saved the next time.
void RunEnergy::save_or_notice(bool emissions_too) {
  try {
    save(emissions_too);
    save_failed_ = false;
  } catch (const std::exception& error) {
    if (!std::exchange(save_failed_, true))
      notice(fmt::format("energy: {}; it is tried again every {:g} s", error.what(),
                         options_.energy_interval));
  }
}

}  // namespace lambdaforge::experiments::energy
