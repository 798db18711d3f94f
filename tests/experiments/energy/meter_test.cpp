#include "experiments/energy/meter.h"

#include <atomic>

#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

// Consumes what it is told to between two samples.
class Told : public EnergySource {
 public:
  Told(Component component, const double& joules) : component_(component), joules_(joules) {}
  Component component() const override { return component_; }
  std::string description() const override { return "told"; }
  double measure(double) override { return joules_; }

 private:
  const Component component_;
  const double& joules_;
};

class MeterOfTwo : public ::testing::Test {
 protected:
  static std::vector<std::unique_ptr<EnergySource>> sources(const double& cpu, const double& gpu) {
    std::vector<std::unique_ptr<EnergySource>> sources;
    sources.push_back(std::make_unique<Told>(Component::kCpu, cpu));
    sources.push_back(std::make_unique<Told>(Component::kGpu, gpu));
    return sources;
  }

  double now_ = 1000, cpu_ = 0, gpu_ = 0;
  Meter meter_{sources(cpu_, gpu_), {}, [this] { return now_; }};
};

TEST_F(MeterOfTwo, AddsUpByComponent) {
  for (int i = 0; i < 3; ++i) {
    now_ += 2;
    cpu_ = 10;
    gpu_ = 1;
    meter_.sample();
  }
  const Totals totals = meter_.totals();
  EXPECT_EQ(totals.seconds, 6);
  EXPECT_EQ(totals.component(Component::kCpu), 30);
  EXPECT_EQ(totals.component(Component::kGpu), 3);
  EXPECT_EQ(totals.component(Component::kMemory), 0);
  EXPECT_EQ(totals.all(), 33);
}

TEST_F(MeterOfTwo, SharesASampleOutAmongItsPhases) {
  now_ = 1001;
  meter_.set_phase(Phase::kTraining);  // 1 s idle
  now_ = 1004;
  meter_.set_phase(Phase::kEvaluation);  // 3 s of training
  now_ = 1010;                           // 6 s of evaluation
  cpu_ = 100;
  meter_.sample();
  const Totals totals = meter_.totals();
  EXPECT_NEAR(totals.phase(static_cast<size_t>(Phase::kIdle)), 10, 1e-9);
  EXPECT_NEAR(totals.phase(static_cast<size_t>(Phase::kTraining)), 30, 1e-9);
  EXPECT_NEAR(totals.phase(static_cast<size_t>(Phase::kEvaluation)), 60, 1e-9);
  EXPECT_NEAR(totals.phase(static_cast<size_t>(Phase::kCheckpoint)), 0, 1e-9);
}

TEST_F(MeterOfTwo, TakesNoHarmFromAClockThatJumpsBack) {
  cpu_ = 10;
  now_ = 1002;
  meter_.sample();
  now_ = 500;
  meter_.set_phase(Phase::kTraining);
  meter_.sample();
  now_ = 503;
  meter_.sample();
  const Totals totals = meter_.totals();
  EXPECT_EQ(totals.seconds, 2 + 0 + 3);
  EXPECT_EQ(totals.all(), 30);
  for (size_t phase = 0; phase < kNumPhases; ++phase) EXPECT_GE(totals.phase(phase), 0);
}

TEST(Meter, GoesOnFromWhatWasConsumedBefore) {
  Totals before;
  before.seconds = 7;
  before.joules[0][0] = 42;
  double now = 0;
  Meter meter({}, before, [&] { return now; });
  now = 1;
  meter.sample();
  EXPECT_EQ(meter.totals().seconds, 8);
  EXPECT_EQ(meter.totals().all(), 42);
}

TEST(MeterThread, SamplesOnItsOwnAndOnceMoreAtTheEnd) {
  const double joules = 1;
  std::vector<std::unique_ptr<EnergySource>> sources;
  sources.push_back(std::make_unique<Told>(Component::kCpu, joules));
  Meter meter(std::move(sources));
  std::atomic<int> samples = 0;
  MeterThread thread(meter, [&] { ++samples; });
  while (samples == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const double before = meter.totals().all();
  EXPECT_GE(before, 1);
  thread.stop();
  EXPECT_GE(meter.totals().all(), before + 1);
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
