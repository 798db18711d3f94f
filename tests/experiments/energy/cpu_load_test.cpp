#include "experiments/energy/cpu_load.h"

#include <fmt/format.h>
#include <unistd.h>

#include "experiments/energy/process_tree.h"
#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

// user nice system idle iowait irq softirq steal guest guest_nice
void write_ticks(const TemporaryFolder& proc, int user, int idle, int iowait) {
  proc.write("stat",
             fmt::format("cpu  {} 10 20 {} {} 0 5 0 999 0\ncpu0 1 2 3\n", user, idle, iowait));
}

TEST(MachineLoad, IsATenthAndTheCubeOfTheLoad) {
  const TemporaryFolder proc;
  write_ticks(proc, 1000, 1000, 100);
  const auto load = make_machine_load({"", 200, ""}, proc.path());
  write_ticks(proc, 1050, 1040, 110);  // half of 100 ticks
  EXPECT_NEAR(load->measure(3), 200 * (0.1 + 0.9 * 0.5 * 0.5 * 0.5) * 3, 1e-9);
  write_ticks(proc, 1050, 1140, 110);  // idle
  EXPECT_NEAR(load->measure(3), 200 * 0.1 * 3, 1e-9);
}

TEST(MachineLoad, KeepsItsLoadWhereTheSystemDoesNotTell) {
  const TemporaryFolder proc;
  write_ticks(proc, 1000, 1000, 100);
  const auto load = make_machine_load({"", 200, ""}, proc.path());
  write_ticks(proc, 1100, 1000, 100);
  EXPECT_NEAR(load->measure(1), 200, 1e-9);
  std::filesystem::remove(proc.path() / "stat");
  EXPECT_NEAR(load->measure(1), 200, 1e-9);
}

// A process of a fake /proc; its name is made to mislead.
void write_process(const TemporaryFolder& proc, int pid, int user_ticks, int childrens_ticks,
                   const std::string& children) {
  const std::string folder = std::to_string(pid);
  proc.write(folder + "/stat", fmt::format("{} (a ) b) S 1 1 1 0 -1 0 0 0 0 0 {} 3 {} 4 20 0 1\n",
                                           pid, user_ticks, childrens_ticks));
  proc.write(folder + "/statm", "1000 10 0 0 0 0 0\n");
  proc.write(fmt::format("{0}/task/{0}/children", folder), children);
}

TEST(ProcessTree, IsAProcessAndAllThatDescendsFromIt) {
  const TemporaryFolder proc;
  write_process(proc, 50, 100, 0, "51 52 ");
  write_process(proc, 51, 200, 0, "");
  write_process(proc, 52, 400, 1000, "53");
  write_process(proc, 53, 800, 0, "");
  write_process(proc, 60, 1600, 0, "");  // somebody else's
  const ProcessUse use = use_of_trees(proc.path(), {50, 53});
  const double ticks = 100 + 200 + 400 + 1000 + 800 + 4 * (3 + 4);
  EXPECT_NEAR(use.cpu_seconds, ticks / static_cast<double>(sysconf(_SC_CLK_TCK)), 1e-9);
  EXPECT_NEAR(use.resident_bytes, 4 * 10 * static_cast<double>(sysconf(_SC_PAGESIZE)), 1e-9);
}

TEST(ProcessLoad, IsTheShareOfTheProcessors) {
  const TemporaryFolder proc;
  write_process(proc, 50, 0, 0, "");
  const auto load = make_process_load({"", 200, ""}, proc.path(), {50});
  const auto ticks = static_cast<int>(sysconf(_SC_CLK_TCK));
  const auto threads = static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
  write_process(proc, 50, ticks, 0, "");  // one second of one processor
  EXPECT_NEAR(load->measure(3), 200 / threads, 1e-9);
  std::filesystem::remove_all(proc.path() / "50");
  EXPECT_EQ(load->measure(3), 0);
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
