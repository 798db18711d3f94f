// What the writer and the reader of token stores agree on.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>

#include "trainer/data/hdf5_file.h"

namespace lambdaforge::trainer::token_store_format {

inline constexpr const char* kFormat = "lambdaforge token store";
inline constexpr int64_t kVersion = 1;

inline Hdf5Type id_type(int64_t vocab_size) {
  return vocab_size <= 65536 ? Hdf5Type::kUint16 : Hdf5Type::kInt32;
}

struct Source {
  int64_t size = -1;   // bytes; -1: no such file
  int64_t mtime = -1;  // nanoseconds since 1970

  static Source of(const std::filesystem::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {status.st_size,
            status.st_mtim.tv_sec * int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
  }
  bool operator==(const Source&) const = default;
};

}  // namespace lambdaforge::trainer::token_store_format
