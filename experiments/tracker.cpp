#include "experiments/tracker.h"

#include <fmt/format.h>
#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace lambdaforge::experiments {
namespace {

using Clock = std::chrono::steady_clock;
using SharedEvent = std::shared_ptr<const Event>;  // one copy for all sinks

constexpr std::chrono::seconds kTick{1};

SharedEvent stamp(Happening what) {
  return std::make_shared<const Event>(Event{std::chrono::system_clock::now(), std::move(what)});
}

// What `call` throws, as words; empty: nothing.
template <class Call>
std::string problem_of(const Call& call) {
  try {
    call();
    return "";
  } catch (const std::exception& error) {
    return *error.what() ? error.what() : "an exception without a message";
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace

// One sink, its queue and its thread.
class Tracker::Channel {
 public:
  using Report = std::function<void(const std::string&)>;

  Channel(std::unique_ptr<Sink> sink, const TrackerOptions& options)
      : sink_(std::move(sink)),
        name_(sink_->name()),
        capacity_(options.capacity),
        failures_until_dropped_(options.failures_until_dropped),
        between_reports_(options.between_reports) {}
  ~Channel() { close(); }

  void start(Report report) {
    report_ = std::move(report);
    thread_ = std::thread([this] { run(); });
  }

  void push(SharedEvent event) {
    {
      const std::lock_guard lock(mutex_);
      if (is_dropped_) return;
      if (queue_.size() >= capacity_ && std::holds_alternative<StepFinished>(event->what)) {
        ++left_out_;
        return;
      }
      queue_.push_back(std::move(event));
    }
    work_.notify_one();
  }

  // Returns when everything that was pushed has been handled.
  void close() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_one();
    thread_.join();
  }

 private:
  void run() {
    name_thread();
    auto next_tick = Clock::now() + kTick;
    std::unique_lock lock(mutex_);
    while (!stop_ || !queue_.empty()) {
      work_.wait_until(lock, next_tick, [this] { return stop_ || !queue_.empty(); });
      const auto events = std::exchange(queue_, {});
      const int64_t left_out = std::exchange(left_out_, 0);
      lock.unlock();
      for (const SharedEvent& event : events) try_to([&] { sink_->handle(*event); });
      if (left_out > 0) tell_left_out(left_out);
      if (Clock::now() >= next_tick) {
        try_to([&] { sink_->tick(); });
        next_tick = Clock::now() + kTick;
      }
      lock.lock();
    }
    lock.unlock();
    finish();
  }

  // So that top and /proc tell what each sink costs; threads that the sink starts inherit the name.
  void name_thread() const {
    constexpr size_t kLongestThreadName = 15;  // of Linux
    const std::string name = fmt::format("sink-{}", name_).substr(0, kLongestThreadName);
    pthread_setname_np(pthread_self(), name.c_str());
  }

  // What fails here is always told: nobody tries again.
  void finish() {
    if (!sink_) return;
    const std::string problem = problem_of([&] { sink_->finish(); });
    if (!problem.empty()) report_(fmt::format("{}: {}", name_, problem));
    sink_.reset();
  }

  void tell_left_out(int64_t steps) {
    const SharedEvent notice = stamp(
        Notice{fmt::format("{} steps were not tracked by {}, which is too slow", steps, name_)});
    try_to([&] { sink_->handle(*notice); });
  }

  template <class Call>
  void try_to(const Call& call) {
    if (!sink_) return;
    const std::string problem = problem_of(call);
    if (problem.empty()) {
      failures_in_a_row_ = 0;
    } else if (++failures_in_a_row_ >= failures_until_dropped_) {
      drop();
      report_(fmt::format("{} is switched off after {} failures in a row: {}", name_,
                          failures_until_dropped_, problem));
    } else if (failures_in_a_row_ == 1 && may_report()) {
      const bool is_first = !std::exchange(last_report_, Clock::now());
      report_(fmt::format("{} failed{} and will be tried again: {}", name_,
                          is_first ? "" : " again", problem));
    }
  }

  bool may_report() const {
    return !last_report_ || Clock::now() - *last_report_ >= between_reports_;
  }

  void drop() {
    sink_.reset();
    const std::lock_guard lock(mutex_);
    is_dropped_ = true;
  }

  std::unique_ptr<Sink> sink_;  // used by the thread only; null once dropped
  const std::string name_;
  const size_t capacity_;
  const int failures_until_dropped_;
  const std::chrono::seconds between_reports_;
  Report report_;
  int failures_in_a_row_ = 0;
  std::optional<Clock::time_point> last_report_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<SharedEvent> queue_;
  int64_t left_out_ = 0;
  bool stop_ = false;
  bool is_dropped_ = false;
  std::thread thread_;
};

Tracker::Tracker(std::vector<std::unique_ptr<Sink>> sinks, TrackerOptions options)
    : on_problem_([tell = options.on_problem,
                   one_at_a_time = std::make_shared<std::mutex>()](const std::string& problem) {
        const std::lock_guard lock(*one_at_a_time);
        if (tell) tell(problem);
      }) {
  for (auto& sink : sinks) channels_.push_back(std::make_unique<Channel>(std::move(sink), options));
  for (const auto& channel : channels_)
    channel->start(
        [this, failing = channel.get()](const std::string& problem) { report(failing, problem); });
}

// From the last to the first: the console comes first, and so it shows what fails at the end.
Tracker::~Tracker() {
  for (auto channel = channels_.rbegin(); channel != channels_.rend(); ++channel)
    (*channel)->close();
}

void Tracker::emit(Happening what) {
  const SharedEvent event = stamp(std::move(what));
  for (const auto& channel : channels_) channel->push(event);
}

// Reports of a sink that goes on are rare, so sinks that fail on each other's notices come to an
// end.
void Tracker::report(const Channel* failing, const std::string& problem) {
  on_problem_(problem);
  const SharedEvent notice = stamp(Notice{problem});
  for (const auto& channel : channels_)
    if (channel.get() != failing) channel->push(notice);
}

}  // namespace lambdaforge::experiments
