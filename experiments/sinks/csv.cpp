#include "experiments/sinks/csv.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/csv.h"
#include "base/files.h"
#include "base/numbers.h"
#include "experiments/sinks/scalars.h"

namespace lambdaforge::experiments {
namespace {

constexpr std::string_view kHeader = "step,epoch,time,name,value\n";
constexpr size_t kColumns = 5;

// "2026-11-24T10:30:00.250Z"
std::string format_time(std::chrono::system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds % 1000);
}

std::string rows_of(const Event& event, const Scalars& scalars) {
  const std::string time = format_time(event.time);
  std::string rows;
  for (const auto& [name, value] : scalars.metrics)
    rows +=
        fmt::format("{},{},{},{},{}\n", scalars.step, *scalars.epoch, time, csv_field(name), value);
  return rows;
}

bool belongs(const CsvRecord& row, int64_t first_step) {
  if (!row.is_whole || row.fields.size() != kColumns) return false;
  const auto step = read_number<int64_t>(row.fields[0]);
  return step && *step <= first_step && !row.fields[3].starts_with("train_");
}

[[noreturn]] void fail(const char* action, const std::filesystem::path& path) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", action, path.string(), strerror(errno)));
}

}  // namespace

std::string rows_until(std::string_view csv, int64_t first_step) {
  std::string kept(kHeader);
  while (const auto row = take_csv_record(csv))
    if (belongs(*row, first_step)) kept += row->text;
  return kept;
}

CsvSink::~CsvSink() {
  if (file_ >= 0) ::close(file_);
}

void CsvSink::handle(const Event& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) {
    path_ = std::filesystem::path(run->folder) / "metrics.csv";
    first_step_ = run->first_step;
  } else if (const auto scalars = scalars_of(event.what); scalars && scalars->epoch) {
    waiting_ += rows_of(event, *scalars);
  } else {
    return;
  }
  write_if_due();
}

void CsvSink::tick() {
  if (file_ < 0 || !waiting_.empty()) write_if_due();
}

void CsvSink::finish() {
  if (file_ < 0 || !waiting_.empty()) write();
}

void CsvSink::write_if_due() {
  if (retry_.is_due()) write();
}

void CsvSink::write() {
  if (path_.empty()) return;
  try {
    if (file_ < 0) open();
    append_waiting();
  } catch (const std::exception&) {
    retry_.failed();
    throw;
  }
  retry_.succeeded();
}

void CsvSink::open() {
  const bool goes_on = first_step_ > 0 && std::filesystem::exists(path_);
  write_file_atomically(path_,
                        goes_on ? rows_until(read_file(path_), first_step_) : std::string(kHeader));
  file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ < 0) fail("open", path_);
}

// A disk that is full takes the first part of what is written and refuses the rest.
void CsvSink::append_waiting() {
  if (is_torn_) cut_torn_row();
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("write", path_);
  whole_ = status.st_size;
  std::string_view left = waiting_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written > 0) {
      left.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      const int reason = errno;
      is_torn_ = true;
      cut_torn_row();
      errno = reason;
      fail("write", path_);
    }
  }
  waiting_.clear();
}

void CsvSink::cut_torn_row() {
  if (::ftruncate(file_, whole_) != 0) fail("cut a torn row off", path_);
  is_torn_ = false;
}

}  // namespace lambdaforge::experiments
