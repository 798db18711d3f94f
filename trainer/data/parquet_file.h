// Parquet in and out as rows of texts, numbers and lists of them. Arrow stays inside the .cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace lambdaforge::trainer {

// One row during ParquetReader::for_each_row. `column` is the place in the names given there.
// Every function throws std::invalid_argument when the cell is null or of another type.
class ParquetRow {
 public:
  std::string text(size_t column) const;
  std::vector<std::string> texts(size_t column) const;  // a single text counts as a list of one
  double number(size_t column) const;                   // an integer, float or boolean
  std::vector<double> numbers(size_t column) const;     // a single number counts as a list of one

 private:
  friend class ParquetReader;
  struct Columns;
  const Columns* columns_ = nullptr;
  int64_t row_ = 0;  // within the record batch
};

class ParquetReader {
 public:
  // Throws std::runtime_error when the file cannot be opened, std::invalid_argument when it is no
  // Parquet file.
  explicit ParquetReader(const std::filesystem::path& path);
  ~ParquetReader();

  // The children of a struct come as "struct.child".
  const std::vector<std::string>& columns() const { return columns_; }

  // Decodes only `columns` (each one of columns()), a thousand rows at a time. What `visit` throws
  // as std::invalid_argument is thrown on with the file and the row (from 0) in front.
  void for_each_row(const std::vector<std::string>& columns,
                    const std::function<void(const ParquetRow&)>& visit);

 private:
  struct File;
  std::filesystem::path path_;
  std::unique_ptr<File> file_;
  std::vector<std::string> columns_;
};

struct ParquetColumn {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<std::vector<std::string>>,
               std::vector<int64_t>, std::vector<double>>
      values;
};

// Columns of equal length, zstd-compressed. Replaces `path` atomically; throws std::runtime_error
// when it cannot.
void write_parquet(const std::filesystem::path& path, const std::vector<ParquetColumn>& columns);

}  // namespace lambdaforge::trainer
