#include "experiments/energy/sources.h"

#include <cstdlib>

#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

// A machine with one unknown processor of two threads and 8 GiB.
class SourcesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("cpuinfo", "processor : 0\nmodel name : Mystery\nprocessor : 1\n");
    folder_.write("stat", "cpu  1 1 1 1 1 1 1 1 0 0\n");
    folder_.write("meminfo", "MemTotal: 8388608 kB\n");
    folder_.write("powercap/intel-rapl/enabled", "1");
    options_.proc = folder_.path();
    options_.powercap = folder_.path() / "powercap";
    options_.nvml_library = "/no/such/library.so";
  }

  void add_rapl(const std::string& entry, const std::string& name) {
    folder_.write("powercap/" + entry + "/name", name);
    folder_.write("powercap/" + entry + "/energy_uj", "1000000");
    folder_.write("powercap/" + entry + "/max_energy_range_uj", "262143328850");
  }

  std::string described() {
    std::string all;
    for (const auto& source :
         find_sources(options_, [this](const std::string& text) { said_ += text; }).list)
      all += source->description() + "\n";
    return all;
  }

  TemporaryFolder folder_;
  MeterOptions options_;
  std::string said_;
};

TEST_F(SourcesTest, FallBackToEstimatesAndSayToWhich) {
  EXPECT_EQ(described(),
            "CPU: load of the machine (Mystery; 8 W, 4 for each of 2 threads of an unknown model)\n"
            "memory: 10 W for 8.0 GiB\n");
  EXPECT_NE(said_.find("no RAPL counter"), std::string::npos) << said_;
}

TEST_F(SourcesTest, TakeTheCountersThatAreThere) {
  add_rapl("intel-rapl:0", "package-0");
  add_rapl("intel-rapl:0:0", "dram");
  EXPECT_EQ(described(), "CPU: RAPL (package-0)\nmemory: 10 W for 8.0 GiB\n");
  options_.include_dram = true;
  EXPECT_EQ(described(), "CPU: RAPL (package-0)\nmemory: RAPL (dram)\n");
  EXPECT_EQ(said_, "");
}

TEST_F(SourcesTest, OfProcessesAreTheWholeMachinesCountersAndSaySo) {
  add_rapl("intel-rapl:0", "package-0");
  options_.of_processes = true;
  options_.processes = {1};  // one that does nothing
  const Sources sources =
      find_sources(options_, [this](const std::string& text) { said_ += text; });
  EXPECT_NE(said_.find("RAPL counts the whole machine"), std::string::npos) << said_;
  folder_.write("powercap/intel-rapl:0/energy_uj", "43000000");
  EXPECT_DOUBLE_EQ(sources.list.front()->measure(1), 43 - 1);  // as CodeCarbon counts
}

TEST_F(SourcesTest, EstimateWhereReadingIsForbiddenAndSayHowToPermitIt) {
  add_rapl("intel-rapl:0", "package-0");
  std::filesystem::permissions(folder_.path() / "powercap/intel-rapl:0/energy_uj",
                               std::filesystem::perms::none);
  const AsNobody nobody;
  EXPECT_NE(described().find("CPU: load of the machine"), std::string::npos);
  EXPECT_NE(said_.find("Permission denied; to permit reading: sudo chmod a+r"), std::string::npos)
      << said_;
}

TEST_F(SourcesTest, SayThatTheGpusOfARunCannotBeMeasured) {
  options_.gpus = {"GPU-aa11"};
  described();
  EXPECT_NE(said_.find("GPUs' energy is not counted"), std::string::npos) << said_;
}

TEST_F(SourcesTest, AreTheGpusThatTheRunSees) {
  options_.nvml_library = FAKE_NVML;
  setenv("CUDA_VISIBLE_DEVICES", "0", 1);
  described();  // the fake machine has none
  EXPECT_NE(said_.find("no GPU '0'"), std::string::npos) << said_;
  said_ = "";
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  described();
  EXPECT_EQ(said_.find("GPU"), std::string::npos) << said_;
  unsetenv("CUDA_VISIBLE_DEVICES");
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
