#include "experiments/energy/run_energy.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "experiments/energy/energy_state.h"
#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

class Collect : public Sink {
 public:
  Collect(std::vector<EnergyMeasured>& seen, std::vector<std::string>& notices)
      : seen_(seen), notices_(notices) {}
  std::string name() const override { return "collect"; }
  void handle(const Event& event) override {
    if (const auto* energy = std::get_if<EnergyMeasured>(&event.what)) seen_.push_back(*energy);
    if (const auto* notice = std::get_if<Notice>(&event.what)) notices_.push_back(notice->text);
  }

 private:
  std::vector<EnergyMeasured>& seen_;
  std::vector<std::string>& notices_;
};

class RunEnergyTest : public ::testing::Test {
 protected:
  RunPlace place(int rank, int local_rank, bool goes_on = false) const {
    return {"demo", "run", folder_.path(), rank, local_rank, {getpid()}, {}, goes_on};
  }
  std::unique_ptr<Tracker> tracker() {
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::make_unique<Collect>(seen_, notices_));
    return std::make_unique<Tracker>(std::move(sinks));
  }

  TemporaryFolder folder_;
  std::vector<EnergyMeasured> seen_;
  std::vector<std::string> notices_;
  const TrackingOptions options_;
};

TotalsNumbers sum_of(const TotalsNumbers& a, const TotalsNumbers& b) {
  TotalsNumbers sum;
  std::ranges::transform(a, b, sum.begin(), std::plus());
  return sum;
}

TEST_F(RunEnergyTest, CountsANodeOnce) {
  const auto tracker = this->tracker();
  RunEnergy first(options_, place(0, 0), *tracker), second(options_, place(1, 1), *tracker);
  first.stop();
  EXPECT_GT(first.share()[0], 0);
  EXPECT_EQ(second.share(), TotalsNumbers{});
  EXPECT_TRUE(second.descriptions().empty());
}

TEST_F(RunEnergyTest, AddsTheNodes) {
  auto tracker = this->tracker();
  RunEnergy first(options_, place(0, 0), *tracker), other_node(options_, place(1, 0), *tracker);
  first.stop();
  other_node.stop();
  const TotalsNumbers mine = first.share(), theirs = other_node.share();
  EXPECT_EQ(theirs[0], 0);  // seconds are the first node's
  first.exchanged(sum_of(mine, theirs), 12);
  other_node.exchanged(sum_of(mine, theirs), 12);
  EXPECT_EQ(first.figures().kwh, other_node.figures().kwh);
  first.finish();
  other_node.finish();
  tracker.reset();
  ASSERT_EQ(seen_.size(), 1u);
  EXPECT_EQ(seen_[0].step, 12);
  double joules = 0;
  for (size_t i = 1; i < kNumTotals; ++i) joules += mine[i] + theirs[i];
  EXPECT_NEAR(seen_[0].cpu_kwh + seen_[0].gpu_kwh + seen_[0].memory_kwh, joules / kJoulesPerKwh,
              1e-12);
}

TEST_F(RunEnergyTest, GoesOnWhereTheRunWasLeft) {
  Totals before;
  before.seconds = 100;
  before.joules[0][0] = 3.6e6;
  save_totals(folder_.path() / "energy.json", before);
  auto tracker = this->tracker();
  {
    RunEnergy energy(options_, place(0, 0, true), *tracker);
    EXPECT_EQ(energy.figures().kwh, 1);
    energy.stop();
    energy.finish();
  }
  EXPECT_GE(load_totals(folder_.path() / "energy.json").seconds, 100);
  RunEnergy anew(options_, place(0, 0, false), *tracker);
  EXPECT_EQ(anew.figures().kwh, 0);
}

TEST_F(RunEnergyTest, NeverTellsMoreThanACrashLeaves) {
  TrackingOptions options;
  options.energy_interval = 3600;
  auto tracker = this->tracker();
  {
    RunEnergy energy(options, place(0, 0), *tracker);
    for (int i = 0; i < 25; ++i) {
      energy.tell();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    energy.stop();  // and no finish()
  }
  tracker.reset();
  ASSERT_GT(seen_.size(), 25u);  // once more after each saving
  EXPECT_GT(seen_.back().seconds, 1);
  const Totals saved = load_totals(folder_.path() / "energy.json");
  EXPECT_GE(saved.seconds, seen_.back().seconds);
  EXPECT_GE(saved.all() / kJoulesPerKwh + 1e-15,
            seen_.back().cpu_kwh + seen_.back().gpu_kwh + seen_.back().memory_kwh);
}

TEST_F(RunEnergyTest, SaysThatTheFolderRefusesAndGoesOn) {
  auto tracker = this->tracker();
  std::filesystem::create_directories(folder_.path() / "energy.json/in the way");
  RunEnergy energy(options_, place(0, 0), *tracker);
  energy.stop();
  energy.finish();
  tracker.reset();
  EXPECT_EQ(seen_.size(), 1u);
  ASSERT_FALSE(notices_.empty());
  EXPECT_NE(notices_.back().find("energy.json"), std::string::npos) << notices_.back();
  EXPECT_NE(notices_.back().find("tried again every 15 s"), std::string::npos);
}

TEST_F(RunEnergyTest, IsNothingWhenItIsOff) {
  auto tracker = this->tracker();
  TrackingOptions off;
  off.energy = false;
  RunEnergy energy(off, place(0, 0), *tracker);
  energy.stop();
  energy.finish();
  tracker.reset();
  EXPECT_TRUE(seen_.empty());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "energy.json"));
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
