#include "trainer/data/text_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace lambdaforge::trainer {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

struct TextLines::Stream {
  gzFile file = nullptr;  // zlib passes a file that is not gzipped through
  ~Stream() {
    if (file) gzclose(file);
  }
};

TextLines::TextLines(const std::filesystem::path& path)
    : name_(path.string()), stream_(std::make_unique<Stream>()) {
  if (std::filesystem::is_directory(path))
    throw std::runtime_error(fmt::format("cannot read {}: it is a folder", name_));
  errno = 0;
  stream_->file = gzopen(path.c_str(), "rb");
  check_open();
}

TextLines::TextLines(int descriptor, std::string name)
    : name_(std::move(name)), stream_(std::make_unique<Stream>()) {
  errno = 0;
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own >= 0) stream_->file = gzdopen(own, "rb");
  check_open();
}

void TextLines::check_open() {
  if (!stream_->file)
    throw std::runtime_error(
        fmt::format("cannot read {}: {}", name_, std::strerror(errno ? errno : ENOMEM)));
  gzbuffer(stream_->file, 1 << 17);
}

TextLines::~TextLines() = default;

bool TextLines::fill() {
  constexpr unsigned kBlockBytes = 1 << 17;
  buffer_.resize(kBlockBytes);
  position_ = 0;
  const int count = gzread(stream_->file, buffer_.data(), kBlockBytes);
  buffer_.resize(count > 0 ? static_cast<size_t>(count) : 0);
  int error = Z_OK;
  const char* reason = gzerror(stream_->file, &error);
  if (error == Z_ERRNO)
    throw std::runtime_error(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
  if (count < 0 || (count == 0 && error == Z_BUF_ERROR))
    throw std::invalid_argument(
        fmt::format("{}, after line {}: the gzip stream is truncated or damaged ({}); copy or "
                    "download the file again",
                    name_, line_number_, reason));
  return count > 0;
}

bool TextLines::next(std::string& line) {
  line.clear();
  bool any = false;
  while (position_ < buffer_.size() || fill()) {
    any = true;
    const char* start = buffer_.data() + position_;
    const size_t left = buffer_.size() - position_;
    const void* end = std::memchr(start, '\n', left);
    const size_t length = end ? static_cast<size_t>(static_cast<const char*>(end) - start) : left;
    line.append(start, length);
    position_ += length + (end ? 1 : 0);
    if (end) break;
  }
  if (any) ++line_number_;
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return any;
}

void for_each_line(TextLines& lines, const std::function<void(const std::string&)>& visit) {
  std::string line;
  while (lines.next(line)) {
    if (line.find_first_not_of(" \t") == line.npos) continue;
    try {
      visit(line);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}, line {}: {}", lines.name(), lines.line_number(), error.what()));
    }
  }
}

void for_each_line(const std::filesystem::path& path,
                   const std::function<void(const std::string&)>& visit) {
  TextLines lines(path);
  for_each_line(lines, visit);
}

}  // namespace lambdaforge::trainer
