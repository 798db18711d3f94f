// A counter of joules that may fail for a while, with an estimate that stands in for it.
#pragma once

#include <algorithm>
#include <optional>

namespace lambdaforge::experiments::energy {

// While the counter cannot be read the estimates count. When it comes back, its difference covers
// the time without it too, so what was estimated is taken off again: the sum is the counter's.
class ReconciledCounter {
 public:
  explicit ReconciledCounter(std::optional<double> joules) : last_(joules) {}

  // `joules`: the counter's state, nullopt when it cannot be read; `estimate`: joules since the
  // call before. Returns what to add, never negative.
  double add(std::optional<double> joules, double estimate) {
    if (!joules || !last_ || *joules < *last_) {  // no counter, or it was reset
      owed_ = joules ? 0 : owed_ + estimate;
      if (joules) last_ = joules;
      return estimate;
    }
    const double left = *joules - *last_ - owed_;
    last_ = joules;
    owed_ = std::max(-left, 0.0);
    return std::max(left, 0.0);
  }

 private:
  std::optional<double> last_;
  double owed_ = 0;  // estimated since `last_`, or reported too much
};

}  // namespace lambdaforge::experiments::energy
