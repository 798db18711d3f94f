// A machine of files, and power curves whose integral is known.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <string>

namespace lambdaforge::experiments::energy {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "lambdaforge-energy-XXXXXX";
    path_ = mkdtemp(name.data());
    // Other users may look in: see AsNobody.
    std::filesystem::permissions(path_, std::filesystem::perms{0755});
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void write(const std::filesystem::path& file, const std::string& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
  }

 private:
  std::filesystem::path path_;
};

// Permissions mean nothing to root.
class AsNobody {
 public:
  AsNobody() {
    if (was_root_ && seteuid(65534) != 0) ADD_FAILURE() << "cannot become nobody";
  }
  ~AsNobody() {
    if (was_root_ && seteuid(0) != 0) ADD_FAILURE() << "cannot become root again";
  }

 private:
  const bool was_root_ = geteuid() == 0;
};

// Watts that swing about their mean with a period of a minute, and the joules since time 0.
struct PowerCurve {
  double mean = 100, swing = 60;

  double watts(double seconds) const { return mean + swing * std::sin(kFrequency * seconds); }
  double joules(double seconds) const {
    return mean * seconds + swing / kFrequency * (1 - std::cos(kFrequency * seconds));
  }

 private:
  static constexpr double kFrequency = 2 * std::numbers::pi / 60;
};

inline void expect_within_a_thousandth(double found, double expected) {
  EXPECT_NEAR(found, expected, 1e-3 * expected);
}

}  // namespace lambdaforge::experiments::energy
