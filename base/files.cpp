#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "base/numbers.h"

namespace lambdaforge {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void throw_system_error(std::string_view action, const fs::path& path, int error) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", action, path.string(), strerror(error)));
}

class FileDescriptor {
 public:
  // Closes `descriptor`; below 0 it could not be opened, and errno tells why.
  FileDescriptor(int descriptor, const fs::path& path) : path_(path), descriptor_(descriptor) {
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
  fs::path path_;
  int descriptor_;
};

FileDescriptor open_file(const fs::path& path, int flags) {
  return {::open(path.c_str(), flags | O_CLOEXEC, 0644), path};
}

std::optional<int64_t> number_of(std::string_view name, std::string_view prefix,
                                 std::string_view suffix) {
  if (name.size() < prefix.size() + suffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(suffix))
    return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return read_number<int64_t>(name);
}

// A link in /proc stands for what is open, which may have no name or one that is no longer its own.
bool is_open_file(const fs::path& link) {
  std::error_code error;
  return fs::canonical(link.parent_path(), error).native().starts_with("/proc/");
}

// What a chain of symlinks names. A link only where it stands for an open file, or in a circle.
fs::path follow_links(fs::path path) {
  constexpr int kMostLinks = 40;  // the kernel's limit
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error) && !is_open_file(path); ++i)
    path = path.parent_path() / fs::read_symlink(path);
  return path;
}

// Descriptor 1 for /proc/self/fd/1, to which /dev/stdout leads.
std::optional<int> own_descriptor(const fs::path& path) {
  std::error_code error;
  if (!fs::equivalent(path.parent_path(), "/proc/self/fd", error)) return std::nullopt;
  return read_number<int>(path.filename().string());
}

// What is open already is written on from where it stands: opened anew, it would be written from
// its start, over what others have written.
FileDescriptor open_to_add(const fs::path& path) {
  if (const auto descriptor = own_descriptor(follow_links(path)))
    return {::fcntl(*descriptor, F_DUPFD_CLOEXEC, 0), path};
  return open_file(path, O_WRONLY | O_APPEND);
}

void replace_file(const fs::path& path, std::string_view content) {
  const fs::path temporary = path.string() + ".tmp";
  try {
    FileDescriptor file = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(content);
    file.sync();
    fs::rename(temporary, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
  sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream || fs::is_directory(path)) throw_system_error("read", path, stream ? EISDIR : errno);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::optional<fs::path> replaceable_file(const fs::path& path) {
  fs::path end = follow_links(path);
  std::error_code error;
  const fs::file_type type = fs::symlink_status(end, error).type();
  const bool is_replaceable = type == fs::file_type::regular || type == fs::file_type::not_found;
  return is_replaceable ? std::optional(std::move(end)) : std::nullopt;
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  if (const auto file = replaceable_file(path))
    replace_file(*file, content);
  else
    open_to_add(path).write(content);  // a FIFO or a device cannot be synced
}

void append_to_file(const fs::path& path, std::string_view content) {
  FileDescriptor file = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
  file.write(content);
  file.sync();
}

std::vector<int64_t> numbered_entries(const fs::path& folder, std::string_view prefix,
                                      std::string_view suffix) {
  std::vector<int64_t> numbers;
  if (!fs::is_directory(folder)) return numbers;
  for (const auto& entry : fs::directory_iterator(folder))
    if (const auto number = number_of(entry.path().filename().string(), prefix, suffix))
      numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void sync_file(const fs::path& path) {
  open_file(path, O_RDONLY).sync();
}

void sync_folder(const fs::path& folder) {
  open_file(folder, O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace lambdaforge
