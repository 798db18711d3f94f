// The lines of a text file, plain or gzipped, one in memory at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace lambdaforge::trainer {

class TextLines {
 public:
  // Throws std::runtime_error when the file cannot be opened.
  explicit TextLines(const std::filesystem::path& path);
  ~TextLines();
  TextLines(const TextLines&) = delete;
  TextLines& operator=(const TextLines&) = delete;

  // Puts the next line, without its line end, into `line`; false at the end of the file.
  // Throws std::invalid_argument when the gzip stream is truncated or damaged.
  bool next(std::string& line);

  int64_t line_number() const { return line_number_; }  // of the last line, 1-based

 private:
  bool fill();

  struct Stream;
  std::filesystem::path path_;
  std::unique_ptr<Stream> stream_;
  std::string buffer_;
  size_t position_ = 0;
  int64_t line_number_ = 0;
};

// Calls `visit` for every line of `path` that is not blank, less a byte order mark at its head.
// Throws as TextLines does; what `visit` throws as std::invalid_argument is thrown on with the file
// and the line (from 1) in front.
void for_each_line(const std::filesystem::path& path,
                   const std::function<void(const std::string&)>& visit);

}  // namespace lambdaforge::trainer
