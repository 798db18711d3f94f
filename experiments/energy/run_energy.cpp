#include "experiments/energy/run_energy.h"

#include <fmt/format.h>

#include <utility>

#include "experiments/energy/emissions_csv.h"
#include "experiments/energy/energy_state.h"
#include "experiments/energy/sources.h"
#include "experiments/energy/summary.h"

namespace lambdaforge::experiments::energy {
namespace {

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
  saved_ = before;
  sums_ = NodeSums(before);
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
  return sums_.share(totals);
}

void RunEnergy::exchanged(const TotalsNumbers& sum, int64_t step) {
  const std::lock_guard lock(mutex_);
  sums_.exchanged(sum, steady_seconds());
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
  return figures_of(sums_.sum());
}

RunFigures RunEnergy::latest() const {
  const std::lock_guard lock(mutex_);
  return figures_of(whole_run());
}

Totals RunEnergy::whole_run() const {
  return sums_.whole(meter_->totals());
}

EnergyMeasured RunEnergy::measured() {
  const std::lock_guard lock(mutex_);
  EnergyMeasured event = to_event(saved_, options_.pue, intensity_);
  event.step = step_;
  const Watts watts = sums_.watts(meter_->totals());
  event.cpu_watts = watts[static_cast<size_t>(Component::kCpu)] * options_.pue;
  event.gpu_watts = watts[static_cast<size_t>(Component::kGpu)] * options_.pue;
  event.memory_watts = watts[static_cast<size_t>(Component::kMemory)] * options_.pue;
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
