#include "experiments/run_store/store_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;
using Handle = Hdf5Handle;

Handle text_type(size_t bytes) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, bytes);
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

Handle column_type(const Column& column) {
  switch (column.type) {
    case ColumnType::kInt32:
      return {H5Tcopy(H5T_STD_I32LE), H5Tclose};
    case ColumnType::kInt64:
      return {H5Tcopy(H5T_STD_I64LE), H5Tclose};
    case ColumnType::kFloat64:
      return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose};
    default:
      return text_type(column.bytes);
  }
}

// As the rows lie in memory.
Handle row_type(const TableFormat& format) {
  if (!format.columns[0].name) {
    if (format.row_bytes == 1) return {H5Tcopy(H5T_STD_U8LE), H5Tclose};
    return column_type(format.columns[0]);
  }
  Handle type(H5Tcreate(H5T_COMPOUND, format.row_bytes), H5Tclose);
  for (const Column& column : format.columns)
    H5Tinsert(type, column.name, column.offset, column_type(column));
  return type;
}

Handle packed(const Handle& type) {
  Handle copy(H5Tcopy(type), H5Tclose);
  if (H5Tget_class(copy) == H5T_COMPOUND) H5Tpack(copy);
  return copy;
}

// SWMR needs the newest format. HDF5's own locks are left alone: some shared folders have none, and
// SWMR does without.
Handle access_properties() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5Pset_file_locking(access, false, true);
  // A checksum that is wrong may be a write that is under way, so HDF5 reads again, each time after
  // twice the pause, from 1 ns on. Its own 100 attempts would never end in a damaged file.
  H5Pset_metadata_read_attempts(access, 20);
  return access;
}

// HDF5 cannot give up a file: closing one that could not be written (a full disk) tries once more
// and leaves it torn. So what it still writes goes nowhere, and the file stays as it would be if
// the process had been killed.
void detach(const Handle& file) {
  void* descriptor = nullptr;
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0)
    ::dup2(nowhere, *static_cast<int*>(descriptor));
  if (nowhere >= 0) ::close(nowhere);
}

}  // namespace

StoreFileWriter::StoreFileWriter(const fs::path& path)
    : path_(path), temporary_(path.string() + ".tmp") {
  silence_hdf5();
  const Handle access = access_properties();
  file_ = Handle(H5Fcreate(temporary_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
  check(file_, "create");
}

StoreFileWriter::~StoreFileWriter() {
  silence_hdf5();
  if (file_ >= 0) detach(file_);
  tables_.clear();
  file_.close();
  std::error_code ignored;
  fs::remove(temporary_, ignored);  // there only when it was never published
}

void StoreFileWriter::check(int64_t result, const std::string& what) const {
  if (result < 0)
    throw std::runtime_error(fmt::format("cannot {} {}: {}", what, path_.string(), hdf5_reason()));
}

void StoreFileWriter::set_text(const std::string& name, std::string_view text) {
  const Handle type = text_type(std::max<size_t>(text.size(), 1));  // HDF5 has no texts of size 0
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle dataset(
      H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose);
  check(dataset, "write " + name + " of");
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.empty() ? "" : text.data()),
        "write " + name + " of");
}

void StoreFileWriter::create(const TableFormat& format) {
  Table table{{}, row_type(format), 0};
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const hsize_t chunk = format.chunk_rows, none = 0, no_limit = H5S_UNLIMITED;
  H5Pset_chunk(properties, 1, &chunk);
  const Handle space(H5Screate_simple(1, &none, &no_limit), H5Sclose);
  const Handle type = packed(table.type);
  table.dataset = Handle(
      H5Dcreate2(file_, format.name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose);
  check(table.dataset, fmt::format("create table {} of", format.name));
  tables_[format.name] = std::move(table);
}

void StoreFileWriter::append(const TableFormat& format, const void* rows, size_t count) {
  if (count == 0) return;
  silence_hdf5();
  Table& table = tables_.at(format.name);
  const hsize_t size = table.rows + count;
  check(H5Dset_extent(table.dataset, &size), fmt::format("extend table {} of", format.name));
  write(table, format, table.rows, count, rows);
  table.rows = size;
}

void StoreFileWriter::overwrite(const TableFormat& format, const void* row) {
  silence_hdf5();
  Table& table = tables_.at(format.name);
  if (table.rows == 0) return append(format, row, 1);
  write(table, format, 0, 1, row);
}

void StoreFileWriter::write(Table& table, const TableFormat& format, uint64_t begin, uint64_t count,
                            const void* rows) {
  const std::string what = fmt::format("write table {} of", format.name);
  const hsize_t start = begin, extent = count;
  const Handle memory(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const Handle space(H5Dget_space(table.dataset), H5Sclose);
  check(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &extent, nullptr), what);
  check(H5Dwrite(table.dataset, table.type, memory, space, H5P_DEFAULT, rows), what);
  // In the order of the calls: what a row points to comes before the row.
  check(H5Dflush(table.dataset), what);
}

void StoreFileWriter::publish() {
  check(H5Fflush(file_, H5F_SCOPE_LOCAL), "write");
  check(H5Fstart_swmr_write(file_), "open for readers");
  check(H5Fflush(file_, H5F_SCOPE_LOCAL), "write");
  sync_file(temporary_);
  fs::rename(temporary_, path_);
  sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

void StoreFileWriter::flush() {
  silence_hdf5();
  check(H5Fflush(file_, H5F_SCOPE_LOCAL), "write");
}

void StoreFileWriter::close() {
  flush();
  for (auto& [name, table] : tables_) check(table.dataset.close(), "close");
  tables_.clear();
  check(file_.close(), "close");
}

StoreFileReader::StoreFileReader(const fs::path& path) : path_(path) {
  silence_hdf5();
  std::error_code error;
  if (!fs::is_regular_file(path, error) || ::access(path.c_str(), R_OK) != 0)
    throw std::runtime_error(
        fmt::format("cannot read {}: {}", path.string(),
                    error ? error.message() : (errno ? strerror(errno) : "it is no file")));
  const Handle access = access_properties();
  file_ = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access), H5Fclose);
  if (file_ < 0) fail("HDF5 structure");
}

void StoreFileReader::fail(const std::string& what) const {
  throw std::invalid_argument(
      fmt::format("{} is no intact run file: no {} ({})", path_.string(), what, hdf5_reason()));
}

Hdf5Handle StoreFileReader::open(const std::string& name) const {
  silence_hdf5();
  Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (dataset < 0) fail(name);
  return dataset;
}

std::string StoreFileReader::text(const std::string& name) const {
  const Handle dataset = open(name);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const size_t bytes = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 ||
      H5Sget_simple_extent_npoints(space) != 1 || bytes > fs::file_size(path_))
    fail(name);
  std::string text(bytes, '\0');
  if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) < 0) fail(name);
  return text.substr(0, text.find('\0'));
}

size_t StoreFileReader::count(const TableFormat& format, size_t first) const {
  const Handle dataset = open(format.name);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const hssize_t rows = H5Sget_simple_extent_npoints(space);
  if (H5Tequal(type, packed(row_type(format))) <= 0 || H5Sget_simple_extent_ndims(space) != 1 ||
      rows < 0 || static_cast<uint64_t>(rows) * H5Tget_size(type) > fs::file_size(path_))
    fail(fmt::format("table {}", format.name));
  return static_cast<size_t>(rows) - std::min(first, static_cast<size_t>(rows));
}

void StoreFileReader::read(const TableFormat& format, size_t first, size_t count,
                           void* rows) const {
  if (count == 0) return;
  const Handle dataset = open(format.name);
  const hsize_t start = first, extent = count;
  const Handle memory(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle type = row_type(format);
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &extent, nullptr) < 0 ||
      H5Dread(dataset, type, memory, space, H5P_DEFAULT, rows) < 0)
    fail(fmt::format("table {}", format.name));
}

std::string StoreFileReader::log_text() const {
  std::string text(count(log_text_format(), 0), '\0');
  read(log_text_format(), 0, text.size(), text.data());
  return text;
}

}  // namespace lambdaforge::experiments
