// One queue, one thread, many sinks: training never waits for a disk or a terminal.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments {

// Shows or keeps what happens in a run. Called from the tracker's thread, one event after another.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string name() const = 0;  // for messages: "csv"
  // May throw: the tracker reports it and goes on with the other sinks.
  virtual void handle(const Event& event) = 0;
};

struct TrackerOptions {
  // Steps that wait for slow sinks; beyond that steps are left out and the number of them is told
  // in a Notice. Everything else that happens is rare and is always kept.
  size_t capacity = 65536;
  // A sink that fails this many times in a row gets no more events.
  int failures_until_dropped = 3;
  // Hears of failing sinks, on the tracker's thread. Must not throw.
  std::function<void(const std::string&)> on_problem;
};

class Tracker {
 public:
  explicit Tracker(std::vector<std::unique_ptr<Sink>> sinks, TrackerOptions options = {});
  ~Tracker();  // every event emitted before is handled
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;

  // Stamps the time and returns at once; any thread may call it.
  void emit(Happening what);

  // Returns when every event emitted before has been handled.
  void flush();

 private:
  struct Listener {
    std::unique_ptr<Sink> sink;
    int failures_in_a_row = 0;
    bool reported = false;
  };

  void run();
  void deliver(const Event& event);
  void hand_to(size_t listener, const Event& event);
  void report(size_t failing, const std::string& problem);

  const TrackerOptions options_;
  std::vector<Listener> listeners_;  // used by the thread only; a dropped sink is null

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Event> queue_;
  int64_t emitted_ = 0;
  int64_t handled_ = 0;
  int64_t left_out_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lambdaforge::experiments
