// Files that the tests of trainer/data make for themselves.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/tokenizer/tokenizer.h"

namespace lambdaforge::trainer {

// An empty folder of this test's own.
std::filesystem::path scratch_folder();

std::filesystem::path write_text(const std::filesystem::path& path, std::string_view content);
std::filesystem::path write_gzip(const std::filesystem::path& path, std::string_view content);

// Rows as JSON, columns as {name, type}. Types: text, large_text, text_view, category (pandas'),
// texts, large_texts, integer, float64, integers, floats, passages (MS MARCO's struct).
struct TestColumn {
  std::string name;
  std::string type;
};
std::filesystem::path write_parquet_rows(const std::filesystem::path& path,
                                         const std::vector<TestColumn>& columns,
                                         const std::string& json_rows);

// A WordPiece tokenizer of [PAD] [UNK] [CLS] [SEP] [MASK] and `words`; ids in this order.
models::Tokenizer make_tokenizer(const std::vector<std::string>& words);

// The message of what `action` throws as Error; "" when it throws nothing.
template <typename Error>
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace lambdaforge::trainer

#define EXPECT_CONTAINS(text, part)                          \
  EXPECT_NE(std::string(text).find(part), std::string::npos) \
      << "expected a text with '" << (part) << "', got: " << (text)
