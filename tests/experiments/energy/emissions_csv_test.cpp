#include "experiments/energy/emissions_csv.h"

#include <sys/wait.h>

#include <stdexcept>

#include "base/files.h"
#include "tests/experiments/energy/fixtures.h"

namespace lambdaforge::experiments::energy {
namespace {

class EmissionsCsv : public ::testing::Test {
 protected:
  static EmissionsRow row(const std::string& run, double cpu_joules) {
    EmissionsRow row;
    row.project_name = "demo";
    row.run_id = run;
    row.totals.seconds = 10;
    row.totals.joules[0][static_cast<size_t>(Component::kCpu)] = cpu_joules;
    row.mode = "machine";
    return row;
  }
  std::string text() const { return read_file(path_); }
  static size_t count(const std::string& text, const std::string& part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "emissions.csv";
};

TEST_F(EmissionsCsv, HasOneRowARun) {
  write_emissions(path_, row("first", 3.6e6));
  write_emissions(path_, row("second", 7.2e6));
  write_emissions(path_, row("first", 10.8e6));
  EXPECT_EQ(count(text(), "\n"), 3u);
  EXPECT_LT(text().find("demo,first"), text().find("demo,second"));
  EXPECT_NE(text().find("demo,first,,10,1.425,"), std::string::npos) << text();  // 3 kWh * 475 g
}

TEST_F(EmissionsCsv, MultipliesByThePue) {
  EmissionsRow measured = row("run", 3.6e6);
  measured.pue = 1.5;
  write_emissions(path_, measured);
  EXPECT_NE(text().find("demo,run,,10,0.7125,"), std::string::npos) << text();  // 1.5 kWh * 475 g
}

TEST_F(EmissionsCsv, LeavesOtherRowsAsTheyAre) {
  std::string header;
  for (const std::string& column : emissions_columns()) header += column + ",";
  header.back() = '\n';
  const std::string foreign = "2026-01-01T00:00:00,\"one, \"\"two\"\"\n\",first" +
                              std::string(emissions_columns().size() - 3, ',') + "\n";
  folder_.write("emissions.csv", header + foreign);
  write_emissions(path_, row("second", 1));
  EXPECT_TRUE(text().starts_with(header + foreign)) << text();
  write_emissions(path_, row("first", 1));  // the quoted line end does not hide the run
  EXPECT_EQ(count(text(), "one"), 0u);
}

TEST_F(EmissionsCsv, KeepsAFilesOwnOrderOfColumns) {
  std::string header;
  for (auto column = emissions_columns().rbegin(); column != emissions_columns().rend(); ++column)
    header += *column + ",";
  header.back() = '\n';
  folder_.write("emissions.csv", header);
  write_emissions(path_, row("run", 3.6e6));
  EXPECT_NE(text().find("0.475,10,,run,demo,"), std::string::npos) << text();
}

TEST_F(EmissionsCsv, HoldsTheRowsOfAllWhoWriteAtOnce) {
  constexpr int kProcesses = 12;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      write_emissions(path_, row("run" + std::to_string(i), 1));
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(count(text(), "\n"), 1u + kProcesses);
  EXPECT_EQ(count(text(), "demo,run"), size_t{kProcesses});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(EmissionsCsv, KnowsBeforehandWhatItWillRefuse) {
  EXPECT_NO_THROW(check_emissions_file(path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THROW(check_emissions_file(folder_.path() / "missing/emissions.csv"),
               std::invalid_argument);
  write_emissions(path_, row("run", 1));
  EXPECT_NO_THROW(check_emissions_file(path_));
  folder_.write("emissions.csv", "step,loss\n1,2\n");
  EXPECT_THROW(check_emissions_file(path_), std::invalid_argument);
}

TEST_F(EmissionsCsv, RefusesAFileOfSomethingElse) {
  folder_.write("emissions.csv", "step,loss\n1,2\n");
  EXPECT_THROW(write_emissions(path_, row("run", 1)), std::invalid_argument);
  EXPECT_EQ(text(), "step,loss\n1,2\n");
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
