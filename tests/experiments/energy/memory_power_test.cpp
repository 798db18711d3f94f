#include "experiments/energy/memory_power.h"

#include <gtest/gtest.h>

#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

struct Case {
  double gib, watts, arm_watts;
};

// CodeCarbon 3.3.2's RAM._calculate_ram_power.
TEST(MemoryPower, IsCodeCarbons) {
  for (const auto& [gib, watts, arm_watts] :
       {Case{1, 10, 3}, Case{16, 10, 3}, Case{23.54, 20, 6}, Case{64, 20, 6}, Case{65, 38, 11.4},
        Case{129, 42, 12.6}, Case{200, 58, 17.4}, Case{256, 38, 11.4}, Case{300, 46, 13.8},
        Case{1000, 70, 21}, Case{6000, 126, 37.8}}) {
    EXPECT_NEAR(memory_watts(gib, false), watts, 1e-9) << gib;
    EXPECT_NEAR(memory_watts(gib, true), arm_watts, 1e-9) << gib;
  }
}

TEST(MachineMemory, IsAllThatTheSystemHas) {
  const TemporaryFolder folder;
  folder.write("meminfo", "MemTotal:       67108864 kB\nMemFree: 1 kB\n");  // 64 GiB
  const auto memory = make_machine_memory(folder.path());
  EXPECT_NEAR(memory->measure(10) / memory->measure(1), 10, 1e-9);
  EXPECT_NE(memory->description().find("64.0 GiB"), std::string::npos) << memory->description();
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
