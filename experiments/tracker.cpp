#include "experiments/tracker.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace lambdaforge::experiments {

Tracker::Tracker(std::vector<std::unique_ptr<Sink>> sinks, TrackerOptions options)
    : options_(std::move(options)) {
  for (auto& sink : sinks) listeners_.push_back({std::move(sink)});
  thread_ = std::thread([this] { run(); });
}

Tracker::~Tracker() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void Tracker::emit(Happening what) {
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.capacity && std::holds_alternative<StepFinished>(what)) {
      ++left_out_;
      return;
    }
    queue_.push_back({std::chrono::system_clock::now(), std::move(what)});
    ++emitted_;
  }
  work_.notify_one();
}

void Tracker::flush() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this, goal = emitted_] { return handled_ >= goal; });
}

void Tracker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto events = std::exchange(queue_, {});
    const int64_t left_out = std::exchange(left_out_, 0);
    lock.unlock();
    for (const Event& event : events) deliver(event);
    if (left_out > 0)
      deliver({events.back().time,
               Notice{fmt::format("{} steps were not tracked: a sink is too slow", left_out)}});
    lock.lock();
    handled_ += static_cast<int64_t>(events.size());
    done_.notify_all();
  }
}

void Tracker::deliver(const Event& event) {
  for (size_t i = 0; i < listeners_.size(); ++i) hand_to(i, event);
}

void Tracker::hand_to(size_t index, const Event& event) {
  Listener& listener = listeners_[index];
  if (!listener.sink) return;
  std::string problem;
  try {
    listener.sink->handle(event);
    listener.failures_in_a_row = 0;
    return;
  } catch (const std::exception& error) {
    problem = error.what();
  } catch (...) {
    problem = "an exception of an unknown type";
  }
  const std::string name = listener.sink->name();
  ++listener.failures_in_a_row;
  const bool dropped = listener.failures_in_a_row >= options_.failures_until_dropped;
  if (dropped) listener.sink.reset();
  if (dropped)
    report(index, fmt::format("{} is switched off after {} failures in a row: {}", name,
                              options_.failures_until_dropped, problem));
  else if (!std::exchange(listener.reported, true))
    report(index, fmt::format("{} failed and will be tried again: {}", name, problem));
}

// A sink is reported twice at most, so sinks that fail on each other's notices come to an end.
void Tracker::report(size_t failing, const std::string& problem) {
  if (options_.on_problem) options_.on_problem(problem);
  const Event notice{std::chrono::system_clock::now(), Notice{problem}};
  for (size_t i = 0; i < listeners_.size(); ++i)
    if (i != failing) hand_to(i, notice);
}

}  // namespace lambdaforge::experiments
