#include "experiments/sinks/registry.h"

#include "experiments/sinks/console.h"
#include "experiments/sinks/csv.h"
#include "experiments/sinks/store.h"

namespace lambdaforge::experiments {
namespace {

using Options = TrackingOptions;
using Built = std::unique_ptr<Sink>;

Built build_console(const Options&, const SinkContext& context) {
  return std::make_unique<ConsoleSink>(context.console, context.console_is_terminal);
}

Built build_csv(const Options&, const SinkContext&) {
  return std::make_unique<CsvSink>();
}

Built build_store(const Options&, const SinkContext&) {
  return std::make_unique<StoreSink>();
}

}  // namespace

const std::vector<SinkEntry>& sink_table() {
  static const std::vector<SinkEntry> table = {
      {"console", &Options::console, false, build_console},
      {"csv", &Options::csv, false, build_csv},
      {"store", &Options::store, false, build_store},
  };
  return table;
}

std::vector<Built> build_sinks(const Options& options, const SinkContext& context) {
  std::vector<Built> sinks;
  for (const SinkEntry& entry : sink_table())
    if (options.*entry.is_on && (context.rank == 0 || entry.on_every_rank))
      sinks.push_back(entry.build(options, context));
  return sinks;
}

}  // namespace lambdaforge::experiments
