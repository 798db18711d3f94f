// One table: a sink's name, the switch that turns it on, and how it is built.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "experiments/options.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

// Where the sinks of one rank work.
struct SinkContext {
  std::ostream& console;  // must outlive the sinks
  bool console_is_terminal = false;
  int rank = 0;
  int local_rank = 0;  // among the ranks of its host
  // A sentence for the person who watches, from any rank and thread ("serves metrics at ...").
  std::function<void(const std::string&)> tell = [](const std::string&) {};
};

struct SinkEntry {
  std::string name;
  bool TrackingOptions::*is_on;
  bool on_every_rank;  // else on rank 0 only
  // Null: nothing to do on this rank. Throws std::invalid_argument for options that cannot work.
  std::unique_ptr<Sink> (*build)(const TrackingOptions&, const SinkContext&);
};

// Finished from the last to the first: the console can show what the others say at the end, and
// MLflow uploads what they wrote.
const std::vector<SinkEntry>& sink_table();

// The sinks that the options ask for on this rank. Builders touch nothing outside; a sink opens its
// files and sockets when it hears of RunStarted. Throws std::invalid_argument as the builders do.
std::vector<std::unique_ptr<Sink>> build_sinks(const TrackingOptions& options,
                                               const SinkContext& context);

}  // namespace lambdaforge::experiments
