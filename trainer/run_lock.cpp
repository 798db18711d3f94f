#include "trainer/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> missing_folders(fs::path folder) {
  std::vector<fs::path> missing;
  for (; !folder.empty() && !fs::exists(folder); folder = folder.parent_path())
    missing.push_back(folder);
  return missing;
}

// A lock of POSIX: a child that outlives this process does not hold it, as it would one of flock().
bool is_free(int descriptor) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(descriptor, F_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

}  // namespace

std::optional<RunLock> RunLock::take(const fs::path& folder) {
  std::vector<fs::path> made = missing_folders(folder);
  std::error_code error;
  if (!fs::create_directories(folder, error) && error)
    throw std::runtime_error(fmt::format("cannot make {}: {}", folder.string(), error.message()));
  const fs::path file = folder / ".lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  if (is_free(descriptor)) return RunLock(file, descriptor, std::move(made));
  ::close(descriptor);
  return std::nullopt;
}

RunLock::RunLock(fs::path file, int descriptor, std::vector<fs::path> made)
    : file_(std::move(file)), descriptor_(descriptor), made_(std::move(made)) {}

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      made_(std::move(other.made_)) {}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  fs::remove(file_, ignored);
  ::close(descriptor_);
  for (const fs::path& folder : made_)
    if (!fs::remove(folder, ignored)) return;  // it holds something
}

}  // namespace lambdaforge::trainer
