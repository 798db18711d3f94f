#include "trainer/stop_request.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace lambdaforge::trainer {
namespace {

constexpr int64_t kNanoseconds = 1'000'000'000;
constexpr int64_t kSameRequest = kNanoseconds;

// When the first signal came; 0: none came. A handler may touch nothing that takes a lock.
std::atomic<int64_t> first_signal{0};
static_assert(std::atomic<int64_t>::is_always_lock_free);

int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kNanoseconds + time.tv_nsec;
}

// Calls what POSIX lists as safe in a handler, and nothing else.
void take_request(int signal) {
  const int saved_errno = errno;
  const int64_t time = now();
  int64_t first = 0;
  if (!first_signal.compare_exchange_strong(first, time) && time - first >= kSameRequest) {
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    sigaction(signal, &by_default, nullptr);
    raise(signal);  // comes when this returns
  }
  errno = saved_errno;
}

}  // namespace

StopRequest::StopRequest() {
  first_signal = 0;
  struct sigaction action {};
  action.sa_handler = take_request;
  action.sa_flags = SA_RESTART;  // whoever reads or writes does not notice
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before_[i]);
}

StopRequest::~StopRequest() {
  if (is_made()) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

bool StopRequest::is_made() const {
  return first_signal != 0;
}

}  // namespace lambdaforge::trainer
