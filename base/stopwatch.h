// Seconds that went by, on the clock that never jumps.
#pragma once

#include <chrono>

namespace lambdaforge {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  // The seconds since the last lap, or since the start; the next lap begins.
  double lap() {
    const double elapsed = seconds();
    start_ = Clock::now();
    return elapsed;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace lambdaforge
