#include "experiments/energy/node_sums.h"

#include <algorithm>
#include <bit>

namespace lambdaforge::experiments::energy {
namespace {

// Shorter intervals say more about the meter's clock than about power.
constexpr double kLeastIntervalSeconds = 1;
constexpr double kOthersIntervalSeconds = 10;

TotalsNumbers numbers_of(const Totals& totals) {
  return std::bit_cast<TotalsNumbers>(totals);
}
Totals totals_of(const TotalsNumbers& numbers) {
  return std::bit_cast<Totals>(numbers);
}

TotalsNumbers plus(TotalsNumbers a, const TotalsNumbers& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}
TotalsNumbers minus(TotalsNumbers a, const TotalsNumbers& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

Watts watts_between(const Totals& before, const Totals& now, double seconds) {
  Watts watts{};
  for (size_t i = 0; i < kNumComponents; ++i) {
    const auto component = static_cast<Component>(i);
    watts[i] = std::max(now.component(component) - before.component(component), 0.0) / seconds;
  }
  return watts;
}

}  // namespace

NodeSums::NodeSums(const Totals& before) : sum_(numbers_of(before)), interval_start_(before) {}

TotalsNumbers NodeSums::share(const Totals& mine) {
  return share_ = numbers_of(mine);
}

void NodeSums::exchanged(const TotalsNumbers& sum, double now) {
  sum_ = sum;
  others_ = minus(sum, share_);
  if (!others_before_) others_before_ = {others_, now};
  const double seconds = now - others_before_->at;
  if (seconds < (others_are_known_ ? kOthersIntervalSeconds : kLeastIntervalSeconds)) return;
  others_watts_ = watts_between(totals_of(others_before_->numbers), totals_of(others_), seconds);
  if (seconds < kOthersIntervalSeconds) return;  // a first guess, for the time being
  others_before_ = {others_, now};
  others_are_known_ = true;
}

Totals NodeSums::sum() const {
  return totals_of(sum_);
}

Totals NodeSums::whole(const Totals& mine) const {
  return totals_of(plus(numbers_of(mine), others_));
}

Watts NodeSums::watts(const Totals& mine) {
  const double seconds = mine.seconds - interval_start_.seconds;
  if (seconds >= kLeastIntervalSeconds) {
    my_watts_ = watts_between(interval_start_, mine, seconds);
    interval_start_ = mine;
  }
  Watts watts = my_watts_;
  for (size_t i = 0; i < kNumComponents; ++i) watts[i] += others_watts_[i];
  return watts;
}

}  // namespace lambdaforge::experiments::energy
