// What a program that started the run reads: one JSON object a line.
#pragma once

#include <ostream>
#include <string>

#include "experiments/run_result.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

// Every line has "event" and "time" (seconds since 1970), and is out when its event has been
// handled. Events: start, step (logging steps), evaluation, checkpoint, energy, notice. A number
// that is not finite is null. How the run ended is said by end_line() when every sink is finished.
class JsonSink : public Sink {
 public:
  // `out` must outlive the sink.
  explicit JsonSink(std::ostream& out) : out_(out) {}

  std::string name() const override { return "json"; }
  // Throws std::runtime_error when `out` takes no more (a closed pipe).
  void handle(const Event& event) override;

 private:
  std::ostream& out_;
};

// {"event": "end", ...}: the last line, with what result.json holds.
std::string end_line(std::chrono::system_clock::time_point time, const RunResult& result);

}  // namespace lambdaforge::experiments
