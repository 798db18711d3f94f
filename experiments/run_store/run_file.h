// A run's file: written as the run goes, read at any time.
#pragma once

#include <filesystem>

#include "experiments/run_store/record.h"
#include "experiments/run_store/store_file.h"

namespace lambdaforge::experiments {

class RunWriter {
 public:
  // Replaces `path` by a file that holds `record`, in one step, and goes on in it. Throws
  // std::runtime_error when it cannot be written; the file is then what it was.
  RunWriter(const std::filesystem::path& path, const RunRecord& record);

  // When it returns, a reader sees `later`, and so it stays when this process is killed. Throws
  // std::runtime_error; the writer is of no use afterwards, and the file may hold a part of
  // `later`.
  void append(const RunRows& later);
  void close();  // the destructor does not flush

  // How many rows of each table are safe in the file.
  struct Size {
    size_t scalars = 0, evaluations = 0, per_query = 0, checkpoints = 0, energy = 0, log = 0,
           log_bytes = 0, starts = 0;
  };
  const Size& size() const { return size_; }

 private:
  StoreFileWriter file_;
  Renumbering numbers_;
  Size size_;
};

// Throws std::invalid_argument when the file is damaged, std::runtime_error when it cannot be read.
RunRecord read_run(const std::filesystem::path& path);
// The first rows of it, before what a failed append may have left.
RunRecord read_run(const std::filesystem::path& path, const RunWriter::Size& size);

}  // namespace lambdaforge::experiments
