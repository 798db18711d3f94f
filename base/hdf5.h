// What every room that reads or writes HDF5 needs of it. hdf5.h itself stays inside .cpp files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace lambdaforge {

// An open HDF5 object (hid_t) and how it is closed.
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  Hdf5Handle(int64_t id, int (*close)(int64_t)) : id_(id), close_(close) {}
  ~Hdf5Handle() { close(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  operator int64_t() const { return id_; }

  // What HDF5 returned: negative when the rest could not be written. Further calls do nothing.
  int close() {
    const int64_t id = std::exchange(id_, -1);
    return id >= 0 ? close_(id) : 0;
  }

 private:
  int64_t id_ = -1;
  int (*close_)(int64_t) = nullptr;
};

// HDF5 prints its errors unless it is told not to, on every thread anew.
void silence_hdf5();

// The innermost description on HDF5's error stack of this thread.
std::string hdf5_reason();

}  // namespace lambdaforge
