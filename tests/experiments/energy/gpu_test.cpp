#include "experiments/energy/gpu.h"

#include <dlfcn.h>

#include "experiments/energy/meter.h"
#include "tests/experiments/energy/fake_nvml.h"
#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

// A machine with three GPUs that follow the curve; the meter looks once a second.
class Gpus : public ::testing::Test {
 protected:
  void SetUp() override {
    nvml_ = Nvml::open(FAKE_NVML);
    ASSERT_NE(nvml_, nullptr);
    void* library = dlopen(FAKE_NVML, RTLD_NOW | RTLD_NOLOAD);
    machine_ = reinterpret_cast<FakeNvml* (*)()>(dlsym(library, "fake_nvml"))();
    dlclose(library);
    *machine_ = {3, {{"GPU-aa11"}, {"GPU-bb22"}, {"GPU-bb33"}}};
    move_to(0);
  }

  void move_to(double seconds) {
    now_ = seconds;
    for (FakeGpu& gpu : machine_->devices) {
      gpu.joules = 5000 + curve_.joules(seconds);
      gpu.watts = curve_.watts(seconds);
    }
  }

  Meter meter_of(const std::vector<std::string>& ids) {
    std::vector<std::unique_ptr<EnergySource>> sources;
    for (GpuDevice& device : find_gpus(*nvml_, ids, report_))
      sources.push_back(make_gpu(nvml_, std::move(device), report_));
    return Meter(std::move(sources), {}, [this] { return now_; });
  }

  void run(Meter& meter, int until) {
    for (auto second = static_cast<int>(now_) + 1; second <= until; ++second) {
      move_to(second);
      meter.sample();
    }
  }

  double joules(const Meter& meter) const { return meter.totals().component(Component::kGpu); }

  PowerCurve curve_;
  double now_ = 0;
  std::shared_ptr<Nvml> nvml_;
  FakeNvml* machine_ = nullptr;
  std::vector<std::string> said_;
  Report report_ = [this](const std::string& text) { said_.push_back(text); };
};

TEST_F(Gpus, AreMeasuredByTheirCounter) {
  Meter meter = meter_of({"0"});
  run(meter, 100);
  expect_within_a_thousandth(joules(meter), curve_.joules(100));
}

TEST_F(Gpus, WithoutACounterAreMeasuredByTheirPower) {
  machine_->devices[0].has_counter = false;
  Meter meter = meter_of({"0"});
  EXPECT_NE(meter.descriptions().front().find("its power"), std::string::npos);
  run(meter, 100);
  expect_within_a_thousandth(joules(meter), curve_.joules(100));
}

TEST_F(Gpus, ThatTheRunDoesNotUseDoNotCount) {
  Meter meter = meter_of({"GPU-bb22", "GPU-aa"});
  run(meter, 30);
  expect_within_a_thousandth(joules(meter), 2 * curve_.joules(30));
  EXPECT_TRUE(said_.empty());
}

TEST_F(Gpus, ThatAreNotThereAreReported) {
  Meter meter = meter_of({"7", "GPU-cc"});
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_NE(said_[0].find("no GPU '7'"), std::string::npos) << said_[0];
}

TEST_F(Gpus, AreIntegratedWhileTheCounterFailsAndSetRightAfterwards) {
  Meter meter = meter_of({"0"});
  run(meter, 20);
  machine_->devices[0].has_counter = false;
  run(meter, 50);
  expect_within_a_thousandth(joules(meter), curve_.joules(50));
  machine_->devices[0].has_counter = true;
  run(meter, 100);
  EXPECT_NEAR(joules(meter), curve_.joules(100), 0.01);  // the counter's own resolution
  EXPECT_EQ(said_.size(), 1u);
}

TEST_F(Gpus, ThatAreLostAreReportedOnceAndTheRestStays) {
  Meter meter = meter_of({"0", "1"});
  run(meter, 40);
  machine_->devices[0].is_lost = true;
  run(meter, 100);
  expect_within_a_thousandth(joules(meter), curve_.joules(40) + curve_.joules(100));
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_NE(said_[0].find("GPU is lost"), std::string::npos) << said_[0];
}

TEST(NvmlLibrary, IsNotNeeded) {
  EXPECT_EQ(Nvml::open("/no/such/libnvidia-ml.so.1"), nullptr);
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
