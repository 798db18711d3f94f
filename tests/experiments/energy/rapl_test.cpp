#include "experiments/energy/rapl.h"

#include <fmt/format.h>

#include <map>

#include "experiments/energy/meter.h"
#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

constexpr double kRangeJoules = 3000;

// A powercap folder whose counters follow curves and wrap around, and a meter that looks once a
// second.
class Rapl : public ::testing::Test {
 protected:
  void add(const std::string& entry, const std::string& name, PowerCurve curve,
           double first_joules = 0) {
    domains_[entry] = {curve, first_joules};
    folder_.write(entry + "/name", name + "\n");
    folder_.write(entry + "/max_energy_range_uj", fmt::format("{:.0f}\n", kRangeJoules * 1e6));
    write(entry);
  }

  void write(const std::string& entry) {
    const auto& [curve, first] = domains_[entry];
    const double joules = std::fmod(first + curve.joules(now_), kRangeJoules);
    folder_.write(entry + "/energy_uj", fmt::format("{:.0f}\n", joules * 1e6));
  }

  Meter meter(std::unique_ptr<EnergySource> stand_in = nullptr) {
    RaplDomains found = find_rapl_domains(folder_.path());
    std::vector<std::unique_ptr<EnergySource>> sources;
    sources.push_back(std::make_unique<RaplSource>(
        Component::kCpu, std::move(found.processor), std::move(stand_in),
        [this](const std::string& text) { said_.push_back(text); }));
    return Meter(std::move(sources), {}, [this] { return now_; });
  }

  void run(Meter& meter, int until) {
    for (auto second = static_cast<int>(now_) + 1; second <= until; ++second) {
      now_ = second;
      for (const auto& [entry, domain] : domains_) write(entry);
      meter.sample();
    }
  }

  double joules(const Meter& meter) const { return meter.totals().component(Component::kCpu); }

  TemporaryFolder folder_;
  std::map<std::string, std::pair<PowerCurve, double>> domains_;
  double now_ = 0;
  std::vector<std::string> said_;
};

const PowerCurve kFirst{100, 60}, kSecond{70, 20};

TEST_F(Rapl, AddsPackagesAndNothingInsideThem) {
  add("intel-rapl:0", "package-0", kFirst, 10);
  add("intel-rapl:0:0", "core", kSecond, 20);
  add("intel-rapl:0:1", "dram", kSecond, 30);
  add("intel-rapl:1", "package-1", kSecond, 40);
  add("intel-rapl:2", "psys", kSecond, 50);
  Meter meter = this->meter();
  EXPECT_EQ(meter.descriptions().front(), "CPU: RAPL (package-0, package-1)");
  run(meter, 20);
  expect_within_a_thousandth(joules(meter), kFirst.joules(20) + kSecond.joules(20));
}

TEST_F(Rapl, GoesOnThroughWrapArounds) {
  add("intel-rapl:0", "package-0", kFirst, kRangeJoules - 1);
  Meter meter = this->meter();
  run(meter, 200);  // 20 kJ through a counter of 3
  expect_within_a_thousandth(joules(meter), kFirst.joules(200));
}

TEST_F(Rapl, TakesPsysWhereThereIsNoPackage) {
  add("intel-rapl:0", "psys", kFirst);
  Meter meter = this->meter();
  run(meter, 10);
  expect_within_a_thousandth(joules(meter), kFirst.joules(10));
}

TEST_F(Rapl, CountsAPackageOnceThoughItIsThereByMsrAndByMmio) {
  add("intel-rapl:0", "package-0", kFirst, 500);
  add("intel-rapl-mmio:0", "package-0", kFirst, 900);
  const RaplDomains found = find_rapl_domains(folder_.path());
  ASSERT_EQ(found.processor.size(), 1u);
  EXPECT_EQ(found.processor.front().folder().filename(), "intel-rapl-mmio:0");
}

TEST_F(Rapl, FindsTheDramOfEveryPackage) {
  add("intel-rapl:0", "package-0", kFirst, 10);
  add("intel-rapl:0:0", "dram", kSecond, 20);
  add("intel-rapl:1", "package-1", kFirst, 30);
  add("intel-rapl:1:0", "dram", kSecond, 40);
  EXPECT_EQ(find_rapl_domains(folder_.path()).dram.size(), 2u);
}

TEST_F(Rapl, DropsDiesThatMirrorThePackage) {
  for (int die = 0; die < 4; ++die)
    add(fmt::format("intel-rapl:{}", die), fmt::format("package-0-die-{}", die), kFirst, 700);
  Meter meter = this->meter();
  run(meter, 60);
  expect_within_a_thousandth(joules(meter), kFirst.joules(60));
}

TEST_F(Rapl, KeepsAProcessorThatOnlyStartedLikeAnother) {
  add("intel-rapl:0", "package-0", kFirst, 700);
  add("intel-rapl:1", "package-1", kSecond, 700.5);
  Meter meter = this->meter();
  run(meter, 60);
  expect_within_a_thousandth(joules(meter), kFirst.joules(60) + kSecond.joules(60));
}

TEST_F(Rapl, SaysHowToPermitReading) {
  add("intel-rapl:0", "package-0", kFirst);
  std::filesystem::permissions(folder_.path() / "intel-rapl:0/energy_uj",
                               std::filesystem::perms::none);
  const AsNobody nobody;
  try {
    find_rapl_domains(folder_.path());
    FAIL() << "read what nobody may read";
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("Permission denied"), std::string::npos) << text;
    EXPECT_NE(text.find("sudo chmod a+r"), std::string::npos) << text;
  }
}

// Always 50 W.
class Constant : public EnergySource {
 public:
  Component component() const override { return Component::kCpu; }
  std::string description() const override { return "a constant"; }
  double measure(double seconds) override { return 50 * seconds; }
};

TEST_F(Rapl, EstimatesWhileReadingIsForbiddenAndIsSetRightAfterwards) {
  add("intel-rapl:0", "package-0", kFirst);
  Meter meter = this->meter(std::make_unique<Constant>());
  run(meter, 30);
  const auto file = folder_.path() / "intel-rapl:0/energy_uj";
  std::filesystem::rename(file, file.string() + ".away");  // not even for root
  std::filesystem::create_directory(file);
  for (now_ = 31; now_ <= 50; ++now_) meter.sample();
  now_ = 50;
  expect_within_a_thousandth(joules(meter), kFirst.joules(30) + 50 * 20);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_NE(said_[0].find("estimated: a constant"), std::string::npos) << said_[0];

  std::filesystem::remove(file);
  run(meter, 100);
  expect_within_a_thousandth(joules(meter), kFirst.joules(100));
}

TEST_F(Rapl, IsNothingWhereThereIsNoFolder) {
  EXPECT_TRUE(find_rapl_domains(folder_.path() / "none").processor.empty());
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
