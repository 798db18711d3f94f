#include "experiments/energy/node_sums.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lambdaforge::experiments::energy {
namespace {

constexpr size_t kCpu = static_cast<size_t>(Component::kCpu);
constexpr double kMine = 100, kTheirs = 300;  // watts of this node and of three others together

Totals consumed(double watts, double seconds) {
  Totals totals;
  totals.seconds = seconds;
  totals.joules[0][kCpu] = watts * seconds;
  return totals;
}

// Four nodes of constant power.
class FourNodes : public testing::Test {
 protected:
  void exchange() {
    TotalsNumbers sum = sums_.share(mine());
    sum[1 + kCpu] += kTheirs * std::floor(now_);  // their meters look once a second
    sums_.exchanged(sum, now_);
  }
  Totals mine() const { return consumed(kMine, std::floor(now_)); }
  double watts() { return sums_.watts(mine())[kCpu]; }

  NodeSums sums_{Totals{}};
  double now_ = 0;
};

TEST_F(FourNodes, ConsumeConstantPowerOverALongGap) {
  for (exchange(); now_ < 20; now_ += 0.25) {
    exchange();
    watts();
  }
  EXPECT_NEAR(watts(), kMine + kTheirs, kTheirs / 10);
  for (const double end = now_ + 300; now_ < end; now_ += 15) {  // an evaluation: no exchange
    EXPECT_NEAR(watts(), kMine + kTheirs, kTheirs / 10) << now_;
    EXPECT_EQ(sums_.whole(mine()).seconds, std::floor(now_));
  }
  for (const double end = now_ + 20; now_ < end; now_ += 0.25) {
    exchange();
    EXPECT_NEAR(watts(), kMine + kTheirs, kTheirs / 10) << now_;
    EXPECT_DOUBLE_EQ(sums_.whole(mine()).all(), (kMine + kTheirs) * std::floor(now_));
    EXPECT_EQ(sums_.sum(), sums_.whole(mine()));
  }
}

TEST(NodeSums, OfOneNodeAreItsOwn) {
  NodeSums sums(consumed(kMine, 50));
  EXPECT_EQ(sums.sum(), consumed(kMine, 50));
  sums.exchanged(sums.share(consumed(kMine, 60)), 1000);
  EXPECT_EQ(sums.watts(consumed(kMine, 60))[kCpu], kMine);
  EXPECT_EQ(sums.watts(consumed(2 * kMine, 60.5))[kCpu], kMine);  // too soon to tell
  EXPECT_EQ(sums.whole(consumed(kMine, 70)), consumed(kMine, 70));
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
