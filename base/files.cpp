#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "base/numbers.h"

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

std::optional<int64_t> number_of(std::string_view name, std::string_view prefix,
                                 std::string_view suffix) {
  if (name.size() < prefix.size() + suffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(suffix))
    return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return read_number<int64_t>(name);
}

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

std::vector<int64_t> numbered_entries(const std::filesystem::path& folder, std::string_view prefix,
                                      std::string_view suffix) {
  std::vector<int64_t> numbers;
  if (!std::filesystem::is_directory(folder)) return numbers;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (const auto number = number_of(entry.path().filename().string(), prefix, suffix))
      numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void sync_file(const std::filesystem::path& path) {
  FileDescriptor(path, O_RDONLY).sync();
}

void sync_folder(const std::filesystem::path& folder) {
  FileDescriptor(folder, O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace lambdaforge
