#include "trainer/data/hdf5_file.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/hdf5.h"

namespace lambdaforge::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "extents are read as they lie");

using Handle = Hdf5Handle;

hid_t file_type(Hdf5Type type) {
  switch (type) {
    case Hdf5Type::kUint16:
      return H5T_STD_U16LE;
    case Hdf5Type::kInt32:
      return H5T_STD_I32LE;
    case Hdf5Type::kInt64:
      return H5T_STD_I64LE;
    default:
      return H5T_IEEE_F32LE;
  }
}

void check_write(int64_t result, const std::filesystem::path& path, const std::string& what) {
  if (result < 0)
    throw std::runtime_error(
        fmt::format("cannot write {} of {}: {}", what, path.string(), hdf5_reason()));
}

void check_read(int64_t result, const std::filesystem::path& path, const std::string& what) {
  if (result < 0)
    throw std::invalid_argument(
        fmt::format("{} has no intact {}: {}", path.string(), what, hdf5_reason()));
}

}  // namespace

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path) : path_(path) {
  silence_hdf5();
  file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file_ < 0)
    throw std::runtime_error(fmt::format("cannot create {}: {}", path.string(), hdf5_reason()));
}

Hdf5Writer::~Hdf5Writer() {
  if (file_ >= 0) H5Fclose(file_);
}

void Hdf5Writer::close() {
  check_write(H5Fflush(file_, H5F_SCOPE_LOCAL), path_, "the rest");
  check_write(H5Fclose(std::exchange(file_, -1)), path_, "the end");
}

void Hdf5Writer::set_attribute(const std::string& name, std::string_view text) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, std::max<size_t>(text.size(), 1));  // HDF5 has no texts of size 0
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(H5Acreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
  check_write(attribute, path_, name);
  check_write(H5Awrite(attribute, type, text.empty() ? "" : text.data()), path_, name);
}

void Hdf5Writer::set_attribute(const std::string& name, int64_t value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(
      H5Acreate2(file_, name.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check_write(attribute, path_, name);
  check_write(H5Awrite(attribute, H5T_NATIVE_INT64, &value), path_, name);
}

void Hdf5Writer::create(const std::string& name, Hdf5Type type, int64_t size) {
  const auto extent = static_cast<hsize_t>(size);
  const Handle space(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties, false);  // the same content is the same bytes at any time
  const Handle dataset(
      H5Dcreate2(file_, name.c_str(), file_type(type), space, H5P_DEFAULT, properties, H5P_DEFAULT),
      H5Dclose);
  check_write(dataset, path_, name);
}

void Hdf5Writer::write(const std::string& name, Hdf5Type type, int64_t start, int64_t count,
                       const void* values) {
  if (count == 0) return;
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  check_write(dataset, path_, name);
  const auto begin = static_cast<hsize_t>(start);
  const auto extent = static_cast<hsize_t>(count);
  const Handle memory(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  check_write(H5Sselect_hyperslab(space, H5S_SELECT_SET, &begin, nullptr, &extent, nullptr), path_,
              name);
  check_write(H5Dwrite(dataset, file_type(type), memory, space, H5P_DEFAULT, values), path_, name);
}

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : path_(path) {
  silence_hdf5();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw std::runtime_error(fmt::format("cannot read {}: {}", path.string(),
                                         error ? error.message() : "it is no regular file"));
  if (H5Fis_hdf5(path.c_str()) == 0)
    throw std::invalid_argument(fmt::format("{} is no HDF5 file", path.string()));
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access, false, true);  // a finished file needs no lock; some mounts have none
  file_ = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
  if (file_ < 0)
    throw std::invalid_argument(
        fmt::format("{} is no intact HDF5 file: {}", path.string(), hdf5_reason()));
}

Hdf5Reader::~Hdf5Reader() {
  if (file_ >= 0) H5Fclose(file_);
}

bool Hdf5Reader::has_attribute(const std::string& name) const {
  return H5Aexists(file_, name.c_str()) > 0;
}

std::string Hdf5Reader::text_attribute(const std::string& name) const {
  const std::string what = fmt::format("text attribute '{}'", name);
  const Handle attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose);
  check_read(attribute, path_, what);
  const Handle type(H5Aget_type(attribute), H5Tclose);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0)
    throw std::invalid_argument(
        fmt::format("{}: attribute '{}' is no text of fixed length", path_.string(), name));
  std::string text(H5Tget_size(type), '\0');
  check_read(H5Aread(attribute, type, text.data()), path_, what);
  return text.substr(0, text.find('\0'));
}

int64_t Hdf5Reader::integer_attribute(const std::string& name) const {
  const std::string what = fmt::format("integer attribute '{}'", name);
  const Handle attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose);
  check_read(attribute, path_, what);
  int64_t value = 0;
  check_read(H5Aread(attribute, H5T_NATIVE_INT64, &value), path_, what);
  return value;
}

int64_t Hdf5Reader::size(const std::string& name) const {
  const std::string what = fmt::format("dataset '{}'", name);
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  check_read(dataset, path_, what);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  if (H5Sget_simple_extent_ndims(space) != 1)
    throw std::invalid_argument(
        fmt::format("{}: dataset '{}' is not one-dimensional", path_.string(), name));
  return H5Sget_simple_extent_npoints(space);
}

void Hdf5Reader::read(const std::string& name, Hdf5Type type, void* values) const {
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  check_read(H5Dread(dataset, file_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path_,
             fmt::format("dataset '{}'", name));
}

Hdf5Reader::Extent Hdf5Reader::extent(const std::string& name, Hdf5Type type) const {
  const Extent empty{0, size(name)};
  if (empty.size == 0) return empty;
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle stored_type(H5Dget_type(dataset), H5Tclose);
  const haddr_t offset = H5Dget_offset(dataset);
  if (H5Tequal(stored_type, file_type(type)) <= 0 || offset == HADDR_UNDEF)
    throw std::invalid_argument(
        fmt::format("{}: dataset '{}' is not stored contiguously under the expected type",
                    path_.string(), name));
  const uint64_t bytes = static_cast<uint64_t>(empty.size) * H5Tget_size(stored_type);
  if (offset + bytes > std::filesystem::file_size(path_))
    throw std::invalid_argument(
        fmt::format("{}: dataset '{}' ends behind the file", path_.string(), name));
  return {offset, empty.size};
}

}  // namespace lambdaforge::trainer
