// An HDF5 file of growing tables that may be read while it is written: single writer, multiple
// readers (SWMR). HDF5 stays inside the .cpp.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/hdf5.h"
#include "experiments/run_store/format.h"

namespace lambdaforge::experiments {

// First every text and table is created, then publish() begins the growing. After a failure nothing
// more can be done with it: a new one must copy what the file held. Functions throw
// std::runtime_error that names the file and HDF5's reason.
class StoreFileWriter {
 public:
  // Writes to "<path>.tmp" until publish().
  explicit StoreFileWriter(const std::filesystem::path& path);
  ~StoreFileWriter();  // writes nothing more: see close()

  void set_text(const std::string& name, std::string_view text);
  void create(const TableFormat& format);

  // Everything so far becomes `path`, on disk, in one step; readers may come from now on.
  void publish();

  template <class Row>
  void append(const std::vector<Row>& rows) {
    append(table_format<Row>(), rows.data(), rows.size());
  }
  void append(const TableFormat& format, const void* rows, size_t count);
  void overwrite(const TableFormat& format, const void* row);  // the only row

  void flush();  // what was appended is safe from the end of the process
  void close();

 private:
  struct Table {
    Hdf5Handle dataset;
    Hdf5Handle type;
    uint64_t rows = 0;
  };

  void check(int64_t result, const std::string& what) const;
  void write(Table& table, const TableFormat& format, uint64_t begin, uint64_t count,
             const void* rows);

  std::filesystem::path path_, temporary_;
  Hdf5Handle file_;
  std::map<std::string, Table> tables_;
};

// Sees the file as it was at one moment, also while it is written and after its writer was killed.
// Functions throw std::invalid_argument when the file is damaged or lacks what is asked for,
// std::runtime_error when it cannot be opened at all.
class StoreFileReader {
 public:
  explicit StoreFileReader(const std::filesystem::path& path);

  std::string text(const std::string& name) const;
  template <class Row>
  std::vector<Row> rows(size_t first = 0) const {
    static_assert(std::is_trivially_copyable_v<Row>);
    const TableFormat& format = table_format<Row>();
    std::vector<Row> rows(count(format, first));
    read(format, first, rows.size(), rows.data());
    return rows;
  }
  std::string log_text() const;

 private:
  size_t count(const TableFormat& format, size_t first) const;
  void read(const TableFormat& format, size_t first, size_t count, void* rows) const;
  Hdf5Handle open(const std::string& name) const;
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  Hdf5Handle file_;
};

}  // namespace lambdaforge::experiments
