#include "trainer/data/parquet_file.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <algorithm>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::trainer {
namespace {

struct NamedArray {
  std::string name;
  std::shared_ptr<arrow::Array> array;
};

// The values [begin, end) of `values` make up one cell.
struct ListCell {
  std::shared_ptr<arrow::Array> values;
  int64_t begin = 0;
  int64_t end = 0;
};

[[noreturn]] void throw_wrong_type(const NamedArray& column, const char* expected) {
  throw std::invalid_argument(fmt::format("column '{}' holds {}; expected {}", column.name,
                                          column.array->type()->ToString(), expected));
}

void check_not_null(const NamedArray& column, int64_t row) {
  if (column.array->IsNull(row))
    throw std::invalid_argument(
        fmt::format("column '{}' is null; fill the cell or drop the row", column.name));
}

std::string text_at(const NamedArray& column, int64_t row) {
  check_not_null(column, row);
  const arrow::Array& array = *column.array;
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(array).GetString(row);
    case arrow::Type::STRING_VIEW:
      return static_cast<const arrow::StringViewArray&>(array).GetString(row);
    case arrow::Type::DICTIONARY: {  // pandas' categories
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return text_at({column.name, dictionary.dictionary()}, dictionary.GetValueIndex(row));
    }
    default:
      throw_wrong_type(column, "text");
  }
}

template <typename Array>
double value_at(const arrow::Array& array, int64_t row) {
  return static_cast<double>(static_cast<const Array&>(array).Value(row));
}

double number_at(const NamedArray& column, int64_t row) {
  check_not_null(column, row);
  const arrow::Array& array = *column.array;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return value_at<arrow::BooleanArray>(array, row);
    case arrow::Type::INT8:
      return value_at<arrow::Int8Array>(array, row);
    case arrow::Type::INT16:
      return value_at<arrow::Int16Array>(array, row);
    case arrow::Type::INT32:
      return value_at<arrow::Int32Array>(array, row);
    case arrow::Type::INT64:
      return value_at<arrow::Int64Array>(array, row);
    case arrow::Type::UINT8:
      return value_at<arrow::UInt8Array>(array, row);
    case arrow::Type::UINT16:
      return value_at<arrow::UInt16Array>(array, row);
    case arrow::Type::UINT32:
      return value_at<arrow::UInt32Array>(array, row);
    case arrow::Type::UINT64:
      return value_at<arrow::UInt64Array>(array, row);
    case arrow::Type::FLOAT:
      return value_at<arrow::FloatArray>(array, row);
    case arrow::Type::DOUBLE:
      return value_at<arrow::DoubleArray>(array, row);
    default:
      throw_wrong_type(column, "numbers");
  }
}

template <typename Array>
ListCell cell_of(const arrow::Array& array, int64_t row) {
  const auto& list = static_cast<const Array&>(array);
  const int64_t begin = list.value_offset(row);
  return {list.values(), begin, begin + list.value_length(row)};
}

bool is_list(const arrow::Array& array) {
  return array.type_id() == arrow::Type::LIST || array.type_id() == arrow::Type::LARGE_LIST ||
         array.type_id() == arrow::Type::FIXED_SIZE_LIST;
}

ListCell list_at(const NamedArray& column, int64_t row, const char* expected) {
  if (!is_list(*column.array)) throw_wrong_type(column, expected);
  check_not_null(column, row);
  if (column.array->type_id() == arrow::Type::LIST)
    return cell_of<arrow::ListArray>(*column.array, row);
  if (column.array->type_id() == arrow::Type::LARGE_LIST)
    return cell_of<arrow::LargeListArray>(*column.array, row);
  return cell_of<arrow::FixedSizeListArray>(*column.array, row);
}

template <typename T>
T value_or_throw(arrow::Result<T> result, const std::filesystem::path& path) {
  if (!result.ok())
    throw std::invalid_argument(
        fmt::format("{} is no intact Parquet file ({}); expected a file written by pyarrow, pandas "
                    "or datasets",
                    path.string(), result.status().message()));
  return std::move(result).ValueUnsafe();
}

// Mapped, so that a file of any size costs no memory of ours.
std::shared_ptr<arrow::io::RandomAccessFile> open_file(const std::filesystem::path& path) {
  auto file = arrow::io::MemoryMappedFile::Open(path.string(), arrow::io::FileMode::READ);
  if (!file.ok())
    throw std::runtime_error(
        fmt::format("cannot read {}: {}", path.string(), file.status().message()));
  return *file;
}

// "passages.is_selected" is the child of a struct, "docs" a column.
std::shared_ptr<arrow::Array> find_array(const arrow::RecordBatch& batch, const std::string& name) {
  if (auto array = batch.GetColumnByName(name)) return array;
  const size_t dot = name.find('.');
  const auto parent =
      std::static_pointer_cast<arrow::StructArray>(batch.GetColumnByName(name.substr(0, dot)));
  const int child = parent->struct_type()->GetFieldIndex(name.substr(dot + 1));
  return parent->GetFlattenedField(child).ValueOrDie();  // a null struct has null children
}

std::vector<std::string> column_names(const arrow::Schema& schema) {
  std::vector<std::string> names;
  for (const auto& field : schema.fields()) {
    if (field->type()->id() != arrow::Type::STRUCT) names.push_back(field->name());
    if (field->type()->id() == arrow::Type::STRUCT)
      for (const auto& child : field->type()->fields())
        names.push_back(field->name() + "." + child->name());
  }
  return names;
}

}  // namespace

struct ParquetRow::Columns {
  std::vector<NamedArray> arrays;
};

std::string ParquetRow::text(size_t column) const {
  return text_at(columns_->arrays.at(column), row_);
}

std::vector<std::string> ParquetRow::texts(size_t column) const {
  const NamedArray& array = columns_->arrays.at(column);
  if (!is_list(*array.array)) return {text_at(array, row_)};
  const ListCell cell = list_at(array, row_, "a list of texts");
  const NamedArray values{array.name, cell.values};
  std::vector<std::string> texts;
  texts.reserve(static_cast<size_t>(cell.end - cell.begin));
  for (int64_t i = cell.begin; i < cell.end; ++i) texts.push_back(text_at(values, i));
  return texts;
}

double ParquetRow::number(size_t column) const {
  return number_at(columns_->arrays.at(column), row_);
}

std::vector<double> ParquetRow::numbers(size_t column) const {
  const NamedArray& array = columns_->arrays.at(column);
  const arrow::Type::type type = array.array->type_id();
  if (arrow::is_numeric(type) || type == arrow::Type::BOOL) return {number(column)};
  const ListCell cell = list_at(array, row_, "a list of numbers");
  const NamedArray values{array.name, cell.values};
  std::vector<double> numbers;
  numbers.reserve(static_cast<size_t>(cell.end - cell.begin));
  for (int64_t i = cell.begin; i < cell.end; ++i) numbers.push_back(number_at(values, i));
  return numbers;
}

struct ParquetReader::File {
  std::unique_ptr<parquet::arrow::FileReader> reader;
};

ParquetReader::ParquetReader(const std::filesystem::path& path)
    : path_(path), file_(std::make_unique<File>()) {
  parquet::arrow::FileReaderBuilder builder;
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(1000);
  properties.set_pre_buffer(false);
  const auto open = [&]() -> arrow::Result<std::shared_ptr<arrow::Schema>> {
    ARROW_RETURN_NOT_OK(builder.Open(open_file(path)));
    ARROW_RETURN_NOT_OK(builder.properties(properties)->Build(&file_->reader));
    std::shared_ptr<arrow::Schema> schema;
    ARROW_RETURN_NOT_OK(file_->reader->GetSchema(&schema));
    return schema;
  };
  columns_ = column_names(*value_or_throw(open(), path));
}

ParquetReader::~ParquetReader() = default;

void ParquetReader::for_each_row(const std::vector<std::string>& columns,
                                 const std::function<void(const ParquetRow&)>& visit) {
  const parquet::SchemaDescriptor& schema = *file_->reader->parquet_reader()->metadata()->schema();
  std::vector<int> leaves;  // "docs.list.element" belongs to "docs"
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    const std::string leaf_path = schema.Column(leaf)->path()->ToDotString() + ".";
    if (std::any_of(columns.begin(), columns.end(),
                    [&](const std::string& name) { return leaf_path.starts_with(name + "."); }))
      leaves.push_back(leaf);
  }
  std::vector<int> row_groups(static_cast<size_t>(file_->reader->num_row_groups()));
  for (size_t i = 0; i < row_groups.size(); ++i) row_groups[i] = static_cast<int>(i);
  const auto batches =
      value_or_throw(file_->reader->GetRecordBatchReader(row_groups, leaves), path_);

  int64_t first_row = 0;
  while (const auto batch = value_or_throw(batches->Next(), path_)) {
    ParquetRow::Columns arrays;
    for (const std::string& name : columns)
      arrays.arrays.push_back({name, find_array(*batch, name)});
    ParquetRow row;
    row.columns_ = &arrays;
    for (row.row_ = 0; row.row_ < batch->num_rows(); ++row.row_) {
      try {
        visit(row);
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(fmt::format("{}, row {} (from 0): {}", path_.string(),
                                                first_row + row.row_, error.what()));
      }
    }
    first_row += batch->num_rows();
  }
}

namespace {

arrow::Status append_cell(arrow::StringBuilder& builder, const std::string& text) {
  return builder.Append(text);
}

arrow::Status append_cell(arrow::Int64Builder& builder, int64_t number) {
  return builder.Append(number);
}

arrow::Status append_cell(arrow::DoubleBuilder& builder, double number) {
  return builder.Append(number);
}

arrow::Status append_cell(arrow::ListBuilder& builder, const std::vector<std::string>& texts) {
  ARROW_RETURN_NOT_OK(builder.Append());
  return static_cast<arrow::StringBuilder*>(builder.value_builder())->AppendValues(texts);
}

template <typename Builder, typename Values>
arrow::Result<std::shared_ptr<arrow::Array>> build_array(Builder builder, const Values& values) {
  for (const auto& value : values) ARROW_RETURN_NOT_OK(append_cell(builder, value));
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> build_array(const ParquetColumn& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column.values))
    return build_array(arrow::StringBuilder(), *texts);
  if (const auto* numbers = std::get_if<std::vector<int64_t>>(&column.values))
    return build_array(arrow::Int64Builder(), *numbers);
  if (const auto* numbers = std::get_if<std::vector<double>>(&column.values))
    return build_array(arrow::DoubleBuilder(), *numbers);
  return build_array(
      arrow::ListBuilder(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>()),
      std::get<std::vector<std::vector<std::string>>>(column.values));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> serialize(const std::vector<ParquetColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const ParquetColumn& column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto array, build_array(column));
    fields.push_back(arrow::field(column.name, array->type()));
    arrays.push_back(std::move(array));
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  ARROW_RETURN_NOT_OK(table->Validate());
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  const auto properties =
      parquet::WriterProperties::Builder().compression(arrow::Compression::ZSTD)->build();
  // Keeps Arrow's schema in the file, so that a list of texts reads back under the same type.
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                                 parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, properties,
                                                 arrow_properties));
  return sink->Finish();
}

}  // namespace

void write_parquet(const std::filesystem::path& path, const std::vector<ParquetColumn>& columns) {
  const auto buffer = serialize(columns);
  if (!buffer.ok())
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", path.string(), buffer.status().ToString()));
  write_file_atomically(path, (*buffer)->ToString());
}

}  // namespace lambdaforge::trainer
