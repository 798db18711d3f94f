// One-dimensional HDF5 datasets and root attributes, in and out. HDF5 stays inside the .cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lambdaforge::trainer {

enum class Hdf5Type { kUint16, kInt32, kInt64, kFloat32 };  // little-endian in the file

template <typename T>
constexpr Hdf5Type hdf5_type() {
  if constexpr (std::is_same_v<T, uint16_t>) return Hdf5Type::kUint16;
  if constexpr (std::is_same_v<T, int32_t>) return Hdf5Type::kInt32;
  if constexpr (std::is_same_v<T, int64_t>) return Hdf5Type::kInt64;
  if constexpr (std::is_same_v<T, float>) return Hdf5Type::kFloat32;
}

// Throws std::runtime_error that names the file and HDF5's reason (a full disk).
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& path);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  void set_attribute(const std::string& name, std::string_view text);
  void set_attribute(const std::string& name, int64_t value);

  // A contiguous dataset, to be filled by write().
  void create(const std::string& name, Hdf5Type type, int64_t size);

  template <typename T>
  void write(const std::string& name, int64_t start, std::span<const T> values) {
    write(name, hdf5_type<T>(), start, static_cast<int64_t>(values.size()), values.data());
  }
  template <typename T>
  void create(const std::string& name, std::span<const T> values) {
    create(name, hdf5_type<T>(), static_cast<int64_t>(values.size()));
    write(name, 0, values);
  }

  void close();  // the destructor closes too, but cannot report a failure

 private:
  void write(const std::string& name, Hdf5Type type, int64_t start, int64_t count,
             const void* values);

  std::filesystem::path path_;
  int64_t file_ = -1;  // hid_t
};

// Throws std::invalid_argument that names the file when it is no intact HDF5 file or lacks what is
// asked for, std::runtime_error when it cannot be opened.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& path);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  bool has_attribute(const std::string& name) const;
  std::string text_attribute(const std::string& name) const;
  int64_t integer_attribute(const std::string& name) const;

  template <typename T>
  std::vector<T> read(const std::string& name) const {
    std::vector<T> values(static_cast<size_t>(size(name)));
    read(name, hdf5_type<T>(), values.data());
    return values;
  }

  // Where the values of a contiguous dataset of type T lie in the file.
  struct Extent {
    uint64_t offset = 0;  // bytes
    int64_t size = 0;     // values
  };
  Extent extent(const std::string& name, Hdf5Type type) const;

 private:
  int64_t size(const std::string& name) const;
  void read(const std::string& name, Hdf5Type type, void* values) const;

  std::filesystem::path path_;
  int64_t file_ = -1;  // hid_t
};

}  // namespace lambdaforge::trainer
