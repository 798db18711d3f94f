#include "experiments/sinks/csv.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/files.h"
#include "experiments/sinks/scalars.h"

namespace lambdaforge::experiments {
namespace {

constexpr std::string_view kHeader = "step,epoch,time,name,value\n";
constexpr std::ptrdiff_t kSeparators = 4;

// "2026-11-24T10:30:00.250Z"
std::string format_time(std::chrono::system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds % 1000);
}

bool belongs(std::string_view row, int64_t first_step) {
  int64_t step = 0;
  const auto parsed = std::from_chars(row.data(), row.data() + row.size(), step);
  return parsed.ec == std::errc() && step <= first_step &&
         std::count(row.begin(), row.end(), ',') == kSeparators &&
         row.find(",train_") == std::string_view::npos;
}

}  // namespace

std::string rows_until(std::string_view csv, int64_t first_step) {
  std::string kept(kHeader);
  size_t end;
  while ((end = csv.find('\n')) != std::string_view::npos) {
    const std::string_view row = csv.substr(0, end + 1);
    if (belongs(row, first_step)) kept += row;
    csv.remove_prefix(end + 1);
  }
  return kept;
}

void CsvSink::handle(const Event& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) {
    open(std::filesystem::path(run->folder) / "metrics.csv", run->first_step);
  } else if (const auto scalars = scalars_of(event.what); scalars && scalars->epoch) {
    write(event, scalars->step, *scalars->epoch, scalars->metrics);
  }
}

void CsvSink::open(const std::filesystem::path& path, int64_t first_step) {
  path_ = path;
  const bool goes_on = first_step > 0 && std::filesystem::exists(path);
  write_file_atomically(path,
                        goes_on ? rows_until(read_file(path), first_step) : std::string(kHeader));
  file_.open(path, std::ios::app | std::ios::binary);
}

void CsvSink::write(const Event& event, int64_t step, double epoch, const Metrics& metrics) {
  const std::string time = format_time(event.time);
  std::string rows;
  for (const auto& [name, value] : metrics)
    rows += fmt::format("{},{},{},{},{}\n", step, epoch, time, name, value);
  file_ << rows << std::flush;
  if (!file_) {
    file_.clear();
    throw std::runtime_error(fmt::format("cannot write {}", path_.string()));
  }
}

}  // namespace lambdaforge::experiments
