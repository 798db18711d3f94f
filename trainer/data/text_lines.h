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
  // Of what is open as `descriptor` and stays so; `name` is what errors call it.
  TextLines(int descriptor, std::string name);
  ~TextLines();
  TextLines(const TextLines&) = delete;
  TextLines& operator=(const TextLines&) = delete;

  // Puts the next line into `line`, without its line end and the byte order mark at the file's
  // head; false at the end of the file. Throws std::runtime_error when the file cannot be read,
  // std::invalid_argument when the gzip stream is truncated or damaged.
  bool next(std::string& line);

  int64_t line_number() const { return line_number_; }  // of the last line, 1-based
  const std::string& name() const { return name_; }     // the path, or as it was given

 private:
  void check_open();
  bool fill();

  struct Stream;
  std::string name_;
  std::unique_ptr<Stream> stream_;
  std::string buffer_;
  size_t position_ = 0;
  int64_t line_number_ = 0;
};

// Calls `visit` for every line that is not blank. Throws as TextLines does; what `visit` throws as
// std::invalid_argument is thrown on with the file and the line (from 1) in front.
void for_each_line(TextLines& lines, const std::function<void(const std::string&)>& visit);
void for_each_line(const std::filesystem::path& path,
                   const std::function<void(const std::string&)>& visit);

}  // namespace lambdaforge::trainer
