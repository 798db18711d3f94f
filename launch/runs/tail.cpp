#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/printable.h"
#include "experiments/run_store/run_file.h"
#include "launch/program.h"
#include "launch/runs.h"

namespace lambdaforge::launch {
namespace {

using namespace experiments;

constexpr std::chrono::milliseconds kInterval{500};

struct Entry {
  double time;
  std::string text;
};

// Figures of one event share their time: one line. Behind them what the log says.
std::vector<Entry> entries_after(const RunRows& rows, double time) {
  std::vector<Entry> entries;
  const ScalarRow* last = nullptr;
  for (const ScalarRow& row : rows.scalars) {
    if (!(row.time > time)) continue;
    if (!last || last->time != row.time || last->step != row.step)
      entries.push_back({row.time, fmt::format("{}  step {}", format_time(row.time), row.step)});
    entries.back().text +=
        fmt::format(" | {} {}", printable(rows.series.name(row.series)), format_figure(row.value));
    last = &row;
  }
  for (const LogRow& row : rows.log)
    if (row.time > time)
      entries.push_back(
          {row.time, fmt::format("{}  {}: {}", format_time(row.time), printable(row.kind.text()),
                                 printable(rows.log_line(row)))});
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.time < b.time; });
  return entries;
}

}  // namespace

void run(const RunsTailOptions& options) {
  const std::filesystem::path file = find_run(options.folder, options.run) / kRunFileName;
  double last_time = 0;
  size_t lines = static_cast<size_t>(options.lines);
  while (true) {
    const RunRecord record = read_run(file);
    const std::vector<Entry> entries = entries_after(record.rows, last_time);
    for (size_t i = entries.size() - std::min(entries.size(), lines); i < entries.size(); ++i)
      print(entries[i].text + "\n");
    finish_output();
    if (!entries.empty()) last_time = entries.back().time;
    if (!options.follow) return;
    if (const std::string status = status_name(summarize(record)); status != "running") {
      print(fmt::format("the run is no longer written: {}\n", status));
      return;
    }
    lines = std::string::npos;  // from now on all of them
    std::this_thread::sleep_for(kInterval);
  }
}

}  // namespace lambdaforge::launch
