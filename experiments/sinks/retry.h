// When a sink whose disk refuses tries again.
#pragma once

#include <algorithm>
#include <chrono>

namespace lambdaforge::experiments {

// After a second, then after twice as long each time, a minute at most. A sink that does nothing in
// between stays in service; after ten attempts, some five minutes, every call is to fail, and so
// the tracker drops the sink.
class Retry {
 public:
  bool is_due() const { return failures_ >= kAttempts || Clock::now() >= next_attempt_; }

  void failed() {
    next_attempt_ =
        Clock::now() + std::min(std::chrono::seconds(1 << std::min(failures_, 6)), kLongestWait);
    ++failures_;
  }
  void succeeded() { failures_ = 0; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kAttempts = 10;
  static constexpr std::chrono::seconds kLongestWait{60};

  int failures_ = 0;  // in a row
  Clock::time_point next_attempt_;
};

}  // namespace lambdaforge::experiments
