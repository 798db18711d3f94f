// What lies in a run's HDF5 file: the rows of its tables. run_store/README.md shows how others read
// them. Times are seconds since 1970, UTC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lambdaforge::experiments {

inline constexpr std::string_view kRunFileName = "run.h5";
inline constexpr std::string_view kRunFormat = "lambdaforge run 1";

// A text of fixed length in a row: UTF-8, filled up with zeros. What is longer is cut between two
// characters.
template <size_t kBytes>
struct FixedText {
  char bytes[kBytes] = {};

  FixedText() = default;
  explicit FixedText(std::string_view text) {
    size_t length = text.size();
    if (length > kBytes)
      for (length = kBytes; length > 0 && (text[length] & 0xC0) == 0x80;) --length;
    text.substr(0, length).copy(bytes, kBytes);
  }
  std::string text() const {
    const std::string_view all(bytes, kBytes);
    return std::string(all.substr(0, all.find('\0')));
  }
};

using NameRow = FixedText<512>;   // of a series
using QueryRow = FixedText<128>;  // of a query

struct ScalarRow {
  int32_t series = 0;  // in the table of series
  int64_t step = 0;
  double time = 0;
  double value = 0;
};

struct EvaluationRow {
  int64_t step = 0;
  double epoch = 0;
  double time = 0;
  int32_t is_best = 0;  // 1: the best so far
  int32_t metric = 0;   // the series that chooses the best
  double value = 0;     // of it; NaN: this evaluation has none
};

struct PerQueryRow {
  int32_t evaluation = 0;  // in the table of evaluations
  int32_t metric = 0;      // in the table of series
  int32_t query = 0;       // in the table of queries
  double value = 0;
};

struct CheckpointRow {
  int64_t step = 0;
  double time = 0;
  double seconds = 0;  // how long saving took
  FixedText<1024> path;
};

// Energy and emissions so far (see EnergyMeasured): what was consumed stays consumed, so a resumed
// run keeps the rows of steps that were lost.
struct EnergyRow {
  int64_t step = 0;
  double time = 0;
  double seconds = 0;  // that were measured
  double cpu_kwh = 0, gpu_kwh = 0, memory_kwh = 0;
  double cpu_watts = 0, gpu_watts = 0, memory_watts = 0;
  double emissions_kg = 0;
  double training_kwh = 0, evaluation_kwh = 0, checkpoint_kwh = 0, idle_kwh = 0;
};

// The text is the bytes [begin, begin + length) of the table of log texts.
struct LogRow {
  double time = 0;
  int64_t step = 0;  // the last one known
  FixedText<16> kind;
  int64_t begin = 0;
  int64_t length = 0;
};
inline constexpr std::string_view kStartKind = "start", kFinishedKind = "finished",
                                  kStoppedKind = "stopped", kFailedKind = "failed",
                                  kNoticeKind = "notice";

// A process that wrote the run. `machine` and the two figures of the process tell whether it lives.
struct StartRow {
  double time = 0;
  int64_t first_step = 0;  // > 0: it went on from a checkpoint
  int64_t max_steps = 0;
  int64_t restarts = 0;
  int64_t world_size = 0;
  int64_t process_id = 0;
  int64_t process_start = 0;
  FixedText<128> machine;
  FixedText<256> host;
  FixedText<4096> command;
};

// The one row that is overwritten, about once a second.
struct Heartbeat {
  double time = 0;
  int64_t step = 0;  // the last one that was finished
};

enum class ColumnType { kInt32, kInt64, kFloat64, kText };

struct Column {
  const char* name;  // nullptr: the row is this one value, not a compound
  ColumnType type;
  size_t offset;
  size_t bytes;
};

struct TableFormat {
  const char* name;
  size_t row_bytes;   // in memory; packed in the file
  size_t chunk_rows;  // a chunk is written as a whole
  std::vector<Column> columns;
};

// The table of a row type.
template <class Row>
const TableFormat& table_format();
const TableFormat& log_text_format();  // bytes

}  // namespace lambdaforge::experiments
