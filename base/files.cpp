#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace lambdaforge {
namespace {

[[noreturn]] void throw_system_error(std::string_view action, const std::filesystem::path& path,
                                     int error) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", action, path.string(), strerror(error)));
}

class FileDescriptor {
 public:
  FileDescriptor(const std::filesystem::path& path, int flags)
      : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) throw_system_error("open", path_, errno);
  }
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno != EINTR) throw_system_error("write", path_, errno);
      if (written > 0) content.remove_prefix(static_cast<size_t>(written));
    }
  }
  void sync() {
    if (::fsync(descriptor_) != 0) throw_system_error("sync", path_, errno);
  }

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path))
    throw_system_error("read", path, stream ? EISDIR : errno);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  try {
    FileDescriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(content);
    file.sync();
    std::filesystem::rename(temporary, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

void append_to_file(const std::filesystem::path& path, std::string_view content) {
  FileDescriptor file(path, O_WRONLY | O_CREAT | O_APPEND);
  file.write(content);
  file.sync();
}

void sync_folder(const std::filesystem::path& folder) {
  FileDescriptor(folder, O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace lambdaforge
