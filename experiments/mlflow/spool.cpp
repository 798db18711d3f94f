#include "experiments/mlflow/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments::mlflow {
namespace {

constexpr int64_t kSegmentBytes = 4 << 20;
constexpr const char* kPrefix = "spool-";
constexpr const char* kSuffix = ".jsonl";

std::filesystem::path path_of(const std::filesystem::path& folder, int64_t segment) {
  return folder / fmt::format("{}{}{}", kPrefix, segment, kSuffix);
}

std::vector<int64_t> segments(const std::filesystem::path& folder) {
  return numbered_entries(folder, kPrefix, kSuffix);
}

[[noreturn]] void throw_system_error(const char* action, const std::filesystem::path& path) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", action, path.string(), strerror(errno)));
}

// Whether the system took all of `text`; errno says why not.
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::vector<SpooledLine> read_lines(const std::filesystem::path& folder, SpoolPosition position,
                                    int64_t most_bytes) {
  std::ifstream file(path_of(folder, position.segment), std::ios::binary);
  file.seekg(position.offset);
  std::vector<SpooledLine> lines;
  const int64_t first = position.offset;
  for (std::string line; position.offset - first < most_bytes && std::getline(file, line);) {
    if (file.eof()) break;  // no newline: torn, or being written
    position.offset += static_cast<int64_t>(line.size()) + 1;
    lines.push_back({std::move(line), position});
  }
  return lines;
}

}  // namespace

SpoolWriter::SpoolWriter(std::filesystem::path folder, SpoolPosition done)
    : folder_(std::move(folder)), segment_(done.segment) {
  std::filesystem::create_directories(folder_);
  if (const auto there = segments(folder_); !there.empty())
    segment_ = std::max(segment_, there.back());
  open_segment();
}

SpoolWriter::~SpoolWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SpoolWriter::open_segment() {
  const std::filesystem::path path = path_of(folder_, segment_ + 1);
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) throw_system_error("open", path);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
  ++segment_;
  size_ = 0;
}

void SpoolWriter::append(const std::string& line) {
  if (size_ >= kSegmentBytes) {
    sync();
    open_segment();
  }
  if (!write_all(descriptor_, line + "\n")) {
    const int error = errno;
    const bool is_cut = ::ftruncate(descriptor_, size_) == 0;
    if (!is_cut) size_ = kSegmentBytes;  // the next line gets another segment
    errno = error;
    throw_system_error("write", path_of(folder_, segment_));
  }
  size_ += static_cast<int64_t>(line.size()) + 1;
  is_synced_ = false;
}

void SpoolWriter::sync() {
  if (is_synced_) return;
  if (::fdatasync(descriptor_) != 0) throw_system_error("sync", path_of(folder_, segment_));
  is_synced_ = true;
}

std::vector<SpooledLine> read_spool(const std::filesystem::path& folder, SpoolPosition position,
                                    int64_t most_bytes) {
  for (const int64_t segment : segments(folder)) {
    if (segment < position.segment) continue;
    if (segment > position.segment) position = {segment, 0};
    auto lines = read_lines(folder, position, most_bytes);
    if (!lines.empty()) return lines;
  }
  return {};
}

void delete_done(const std::filesystem::path& folder, SpoolPosition position) {
  for (const int64_t segment : segments(folder))
    if (segment < position.segment) std::filesystem::remove(path_of(folder, segment));
}

int64_t bytes_left(const std::filesystem::path& folder, SpoolPosition position) {
  int64_t bytes = 0;
  for (const int64_t segment : segments(folder)) {
    if (segment < position.segment) continue;
    bytes += static_cast<int64_t>(std::filesystem::file_size(path_of(folder, segment)));
    if (segment == position.segment) bytes -= position.offset;
  }
  return bytes;
}

}  // namespace lambdaforge::experiments::mlflow
