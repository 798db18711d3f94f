#include "trainer/stop_request.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace lambdaforge::trainer {
namespace {

constexpr std::chrono::milliseconds kLonger{1050};  // than two copies of one request are apart

TEST(StopRequest, IsMadeByEitherSignal) {
  for (const int signal : StopRequest::kSignals) {
    const StopRequest request;
    EXPECT_FALSE(request.is_made());
    raise(signal);
    EXPECT_TRUE(request.is_made());
  }
}

TEST(StopRequest, MayBeSentTwice) {
  {
    const StopRequest request;
    raise(SIGTERM);
    raise(SIGTERM);
    EXPECT_TRUE(request.is_made());
  }
  raise(SIGUSR1);  // mpirun's copy, while the process ends
}

TEST(StopRequestDeathTest, EndsTheProcessWhenItIsRepeated) {
  EXPECT_EXIT(
      {
        const StopRequest request;
        raise(SIGUSR1);
        std::this_thread::sleep_for(kLonger);
        raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopRequestDeathTest, LeavesTheSignalsAsTheyWere) {
  EXPECT_EXIT(
      {
        { const StopRequest request; }
        raise(SIGUSR1);
      },
      testing::KilledBySignal(SIGUSR1), "");
}

}  // namespace
}  // namespace lambdaforge::trainer
