#include "tests/trainer/data/test_files.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <stdexcept>

namespace lambdaforge::trainer {
namespace {

std::shared_ptr<arrow::DataType> arrow_type(const std::string& name) {
  if (name == "text") return arrow::utf8();
  if (name == "large_text") return arrow::large_utf8();
  if (name == "text_view") return arrow::utf8_view();
  if (name == "category") return arrow::dictionary(arrow::int32(), arrow::utf8());
  if (name == "texts") return arrow::list(arrow::utf8());
  if (name == "large_texts") return arrow::large_list(arrow::large_utf8());
  if (name == "integer") return arrow::int64();
  if (name == "float64") return arrow::float64();
  if (name == "integers") return arrow::list(arrow::int64());
  if (name == "floats") return arrow::list(arrow::float32());
  if (name == "passages")
    return arrow::struct_({arrow::field("is_selected", arrow::list(arrow::int32())),
                           arrow::field("passage_text", arrow::list(arrow::utf8()))});
  throw std::invalid_argument("no such type: " + name);
}

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

}  // namespace

std::filesystem::path scratch_folder() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::path(testing::TempDir()) /
                      ("lambdaforge_data_test_" + std::to_string(::getpid())) /
                      (std::string(test->test_suite_name()) + "." + test->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::filesystem::path write_text(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::filesystem::path write_gzip(const std::filesystem::path& path, std::string_view content) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  return path;
}

std::filesystem::path write_parquet_rows(const std::filesystem::path& path,
                                         const std::vector<TestColumn>& columns,
                                         const std::string& json_rows) {
  arrow::FieldVector fields;
  for (const auto& column : columns)
    fields.push_back(arrow::field(column.name, arrow_type(column.type)));
  const auto rows =
      arrow::json::ArrayFromJSONString(arrow::struct_(fields), json_rows).ValueOrDie();
  const auto batch = arrow::RecordBatch::FromStructArray(rows).ValueOrDie();
  const auto table = arrow::Table::FromRecordBatches({batch}).ValueOrDie();
  const auto sink = arrow::io::FileOutputStream::Open(path.string()).ValueOrDie();
  check(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 2));
  check(sink->Close());
  return path;
}

models::Tokenizer make_tokenizer(const std::vector<std::string>& words) {
  const auto folder = std::filesystem::path(testing::TempDir()) /
                      ("lambdaforge_data_test_" + std::to_string(::getpid())) / "tokenizer";
  std::filesystem::create_directories(folder);
  std::string vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (const std::string& word : words) vocab += word + "\n";
  write_text(folder / "vocab.txt", vocab);
  write_text(folder / "tokenizer_config.json",
             R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true})");
  return models::Tokenizer::load(folder);
}

}  // namespace lambdaforge::trainer
