// Records on disk until the server has them: <run folder>/mlflow/spool-<number>.jsonl.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lambdaforge::experiments::mlflow {

// A place in the spool: everything before it is done.
struct SpoolPosition {
  int64_t segment = 0;
  int64_t offset = 0;  // bytes

  bool operator==(const SpoolPosition&) const = default;
};

// Appends lines, to a new segment at each start: what a kill tore stays behind alone.
class SpoolWriter {
 public:
  // Creates the folder; what is appended comes behind what is there and behind `done`. Throws
  // std::runtime_error that names the path and the system's reason; so do the others.
  SpoolWriter(std::filesystem::path folder, SpoolPosition done);
  ~SpoolWriter();
  SpoolWriter(const SpoolWriter&) = delete;
  SpoolWriter& operator=(const SpoolWriter&) = delete;

  // The line outlives this process when it returns; a line that did not fit leaves nothing.
  void append(const std::string& line);
  // The lines so far outlive the machine.
  void sync();

 private:
  void open_segment();

  const std::filesystem::path folder_;
  int64_t segment_ = 0;
  int descriptor_ = -1;
  int64_t size_ = 0;
  bool is_synced_ = true;
};

struct SpooledLine {
  std::string text;
  SpoolPosition end;  // behind it
};

// The whole lines behind `position`, at most about `most_bytes` of them, out of one segment, while
// a writer may go on. None: there are no more. Throws std::runtime_error as above.
std::vector<SpooledLine> read_spool(const std::filesystem::path& folder, SpoolPosition position,
                                    int64_t most_bytes);

// Deletes the segments before `position`'s.
void delete_done(const std::filesystem::path& folder, SpoolPosition position);

// Bytes behind `position`.
int64_t bytes_left(const std::filesystem::path& folder, SpoolPosition position);

}  // namespace lambdaforge::experiments::mlflow
