#include "experiments/energy/processor_power.h"

#include <gtest/gtest.h>

#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

// What CodeCarbon 3.3.2's TDP finds under these names.
TEST(ThermalDesignPower, IsFoundAsCodeCarbonFindsIt) {
  const std::pair<const char*, double> known[] = {
      {"Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", 145},
      {"Intel(R) Core(TM) i7-8565U CPU @ 1.80GHz", 15},
      {"AMD EPYC 7763 64-Core Processor", 280},
      {"AMD Ryzen 7 5800X 8-Core Processor", 105},
      {"Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz", 210},
      {"12th Gen Intel(R) Core(TM) i7-12700H", 45},
      {"AMD Ryzen Threadripper 1950X 16-Core Processor", 180},
      {"AMD EPYC 7B12", 240},
      {"AMD RYZEN 5 3580u microsoft surface® edition", 15}};
  for (const auto& [model, watts] : known) EXPECT_EQ(thermal_design_power(model), watts) << model;
}

TEST(ThermalDesignPower, IsNotGuessed) {
  for (const char* model : {"AMD EPYC", "Intel(R) Xeon(R) CPU @ 2.20GHz", "Neoverse-N1", ""})
    EXPECT_EQ(thermal_design_power(model), std::nullopt) << model;
}

std::string processor(int thread, const std::string& model, int socket) {
  return "processor\t: " + std::to_string(thread) + "\nmodel name\t: " + model +
         "\nphysical id\t: " + std::to_string(socket) + "\nflags\t\t:\n\n";
}

TEST(ProcessorPower, CountsSockets) {
  const TemporaryFolder folder;
  const std::string model = "AMD EPYC 7763 64-Core Processor";
  folder.write("cpuinfo", processor(0, model, 0) + processor(1, model, 0) + processor(2, model, 1));
  EXPECT_EQ(processor_power(folder.path()).watts, 2 * 280);
}

TEST(ProcessorPower, OfAnUnknownModelIsFourWattsAThread) {
  const TemporaryFolder folder;
  folder.write("cpuinfo", processor(0, "Mystery 9000", 0) + processor(1, "Mystery 9000", 0));
  const ProcessorPower power = processor_power(folder.path());
  EXPECT_EQ(power.model, "Mystery 9000");
  EXPECT_EQ(power.watts, 2 * 4);
}

TEST(ProcessorPower, OfNoModelIsEightyFiveWatts) {
  const TemporaryFolder folder;
  EXPECT_EQ(processor_power(folder.path()).watts, 85);
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
