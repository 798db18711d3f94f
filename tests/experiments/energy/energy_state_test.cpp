#include "experiments/energy/energy_state.h"

#include <stdexcept>

#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

TEST(EnergyState, ReadsBackExactly) {
  const TemporaryFolder folder;
  Totals totals;
  totals.seconds = 1.0 / 3;
  for (size_t phase = 0; phase < kNumPhases; ++phase)
    for (size_t i = 0; i < kNumComponents; ++i)
      totals.joules[phase][i] = static_cast<double>(10 * phase + i) / 7;
  save_totals(folder.path() / "energy.json", totals);
  EXPECT_EQ(load_totals(folder.path() / "energy.json"), totals);
}

TEST(EnergyState, IsZeroWithoutAFile) {
  EXPECT_EQ(load_totals("/no/such/energy.json"), Totals{});
}

TEST(EnergyState, SaysWhatToDoWithADamagedFile) {
  const TemporaryFolder folder;
  folder.write("energy.json", "{\"seconds\": 3");
  try {
    load_totals(folder.path() / "energy.json");
    FAIL() << "read a damaged file";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("delete it to count"), std::string::npos);
  }
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
