#include "experiments/energy/meter.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace lambdaforge::experiments::energy {
namespace {

constexpr std::chrono::seconds kBetweenSamples{1};

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Meter::Meter(std::vector<std::unique_ptr<EnergySource>> sources, const Totals& before, Clock clock)
    : sources_(std::move(sources)),
      clock_(std::move(clock)),
      sampled_(clock_()),
      totals_(before),
      phase_began_(sampled_) {}

void Meter::close_phase(double now) {
  since_sample_[static_cast<size_t>(phase_)] += std::max(now - phase_began_, 0.0);
  phase_began_ = now;
}

void Meter::set_phase(Phase phase) {
  const std::lock_guard lock(mutex_);
  close_phase(clock_());
  phase_ = phase;
}

Phase Meter::phase() const {
  const std::lock_guard lock(mutex_);
  return phase_;
}

void Meter::sample() {
  const std::lock_guard one_at_a_time(sampling_);
  PhaseSeconds shares{};
  double now = 0;
  {
    const std::lock_guard lock(mutex_);
    now = clock_();
    close_phase(now);
    shares = std::exchange(since_sample_, {});
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) share = sum > 0 ? share / sum : 0;
    if (sum <= 0) shares[static_cast<size_t>(phase_)] = 1;
  }
  const double seconds = std::max(now - sampled_, 0.0);
  sampled_ = now;
  Joules joules{};
  for (const auto& source : sources_)
    joules[static_cast<size_t>(source->component())] += source->measure(seconds);

  const std::lock_guard lock(mutex_);
  totals_.seconds += seconds;
  for (size_t phase = 0; phase < kNumPhases; ++phase)
    for (size_t i = 0; i < kNumComponents; ++i)
      totals_.joules[phase][i] += shares[phase] * joules[i];
}

Totals Meter::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::vector<std::string> Meter::descriptions() const {
  std::vector<std::string> texts;
  for (const auto& source : sources_) texts.push_back(source->description());
  return texts;
}

MeterThread::MeterThread(Meter& meter, std::function<void()> after_sample)
    : meter_(meter), after_sample_(std::move(after_sample)), thread_([this] { run(); }) {}

void MeterThread::run() {
  pthread_setname_np(pthread_self(), "energy");
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kBetweenSamples, [this] { return stop_; })) {
    lock.unlock();
    meter_.sample();
    after_sample_();
    lock.lock();
  }
}

void MeterThread::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  meter_.sample();
}

}  // namespace lambdaforge::experiments::energy
