// A queue and a thread for each sink: training never waits for a disk or a socket, and no sink for
// another.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments {

// Shows or keeps what happens in a run. Every call comes from the sink's own thread. Any of them
// may throw: the tracker reports it, goes on calling, and drops the sink when it keeps failing. A
// sink that waits for the outside world limits how long (a connection's time-out).
class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string name() const = 0;  // for messages: "csv"
  virtual void handle(const Event& event) = 0;
  // About once a second, with events or without: to flush, to try again.
  virtual void tick() {}
  // The last call, after the last event; what it throws is always told, for nobody tries again.
  // The destructor follows and has nobody to report to.
  virtual void finish() {}
};

struct TrackerOptions {
  // Steps that wait for a slow sink; beyond that steps are left out for it and the number of them
  // is told in a Notice. Everything else that happens is rare and is always kept.
  size_t capacity = 65536;
  // A sink that fails this many times in a row gets no more events.
  int failures_until_dropped = 3;
  // Hears of failing sinks, on their threads, one at a time. Must not throw.
  std::function<void(const std::string&)> on_problem;
};

class Tracker {
 public:
  explicit Tracker(std::vector<std::unique_ptr<Sink>> sinks, TrackerOptions options = {});
  ~Tracker();  // every event emitted before is handled, every sink finished
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;

  // Stamps the time and returns at once; any thread may call it.
  void emit(Happening what);
  // What went wrong outside of the sinks without ending the run: heard by `on_problem` and, as a
  // Notice, by every sink.
  void tell_problem(const std::string& problem) { report(nullptr, problem); }

 private:
  class Channel;

  void report(const Channel* failing, const std::string& problem);

  std::vector<std::unique_ptr<Channel>> channels_;
  std::function<void(const std::string&)> on_problem_;
};

}  // namespace lambdaforge::experiments
