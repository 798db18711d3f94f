// The meter of one machine: what its sources consume, by component and phase.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "experiments/energy/energy.h"

namespace lambdaforge::experiments::energy {

// Seconds on a clock that nobody sets.
double steady_seconds();

// Thread-safe.
class Meter {
 public:
  using Clock = std::function<double()>;  // seconds; one that jumps back does no harm

  // `before`: what was consumed already, by earlier parts of a run.
  explicit Meter(std::vector<std::unique_ptr<EnergySource>> sources, const Totals& before = {},
                 Clock clock = steady_seconds);

  // What follows is another phase. Costs two readings of the clock.
  void set_phase(Phase phase);
  Phase phase() const;

  // Asks every source. Between two samples the energy is taken to flow evenly.
  void sample();

  Totals totals() const;  // up to the last sample
  std::vector<std::string> descriptions() const;

 private:
  using PhaseSeconds = std::array<double, kNumPhases>;

  void close_phase(double now);  // `mutex_` is held

  const std::vector<std::unique_ptr<EnergySource>> sources_;
  const Clock clock_;
  std::mutex sampling_;  // one sample at a time
  double sampled_ = 0;   // when

  mutable std::mutex mutex_;
  Totals totals_;
  Phase phase_ = Phase::kIdle;
  double phase_began_ = 0;
  PhaseSeconds since_sample_{};
};

// Samples a meter once a second on its own thread, and calls `after_sample` each time.
class MeterThread {
 public:
  MeterThread(Meter& meter, std::function<void()> after_sample);
  ~MeterThread() { stop(); }
  MeterThread(const MeterThread&) = delete;
  MeterThread& operator=(const MeterThread&) = delete;

  void stop();  // returns after the last sample, which nobody is called for

 private:
  void run();

  Meter& meter_;
  const std::function<void()> after_sample_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lambdaforge::experiments::energy
