#include "models/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "tests/models/tiny_model.h"

namespace lambdaforge::models {
namespace {

std::filesystem::path scratch_file() {
  return std::filesystem::path(testing::TempDir()) / "lambdaforge_safetensors_test.safetensors";
}

std::string with_header(const std::string& header, size_t data_bytes) {
  std::string bytes(8, '\0');
  const uint64_t size = header.size();
  std::memcpy(bytes.data(), &size, 8);
  return bytes + header + std::string(data_bytes, '\0');
}

// The message of the error that loading `bytes` gives.
std::string error_of(const std::string& bytes) {
  write_text(scratch_file(), bytes);
  try {
    load_safetensors(scratch_file());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(Safetensors, ReadsWhatItWrote) {
  const at::Tensor weight = at::arange(6, at::kFloat).view({2, 3});
  const at::Tensor count = at::tensor({7}, at::kLong);
  save_safetensors(scratch_file(), {{"weight", weight},
                                    {"count", count},
                                    {"half", weight.to(at::kHalf)},
                                    {"none", at::empty({0, 3})}});
  const NamedTensors tensors = load_safetensors(scratch_file());
  const std::map<std::string, at::Tensor> loaded(tensors.begin(), tensors.end());
  ASSERT_EQ(loaded.size(), 4u);
  EXPECT_TRUE(loaded.at("weight").equal(weight));
  EXPECT_TRUE(loaded.at("count").equal(count));
  EXPECT_EQ(loaded.at("half").scalar_type(), at::kHalf);
  EXPECT_EQ(loaded.at("none").sizes(), (std::vector<int64_t>{0, 3}));
}

TEST(Safetensors, RefusesAFileThatIsTooShortForItsHeader) {
  EXPECT_NE(error_of("abc").find("too few for a header"), std::string::npos);
  EXPECT_NE(error_of(std::string(8, '\xff')).find("truncated"), std::string::npos);
}

TEST(Safetensors, RefusesTruncatedData) {
  const std::string header = R"({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}})";
  EXPECT_EQ(error_of(with_header(header, 16)), "no error");
  EXPECT_NE(error_of(with_header(header, 15)).find("truncated"), std::string::npos);
}

TEST(Safetensors, RefusesAHeaderThatLies) {
  EXPECT_NE(error_of(with_header("[1, 2]", 0)).find("no JSON object"), std::string::npos);
  EXPECT_NE(error_of(with_header("{\"w\": 3}", 0)).find("badly described"), std::string::npos);
  EXPECT_NE(
      error_of(with_header(R"({"w": {"dtype": "F32", "shape": [5], "data_offsets": [0, 16]}})", 16))
          .find("needs 20 bytes"),
      std::string::npos);
  EXPECT_NE(
      error_of(with_header(R"({"w": {"dtype": "F33", "shape": [4], "data_offsets": [0, 16]}})", 16))
          .find("unknown dtype"),
      std::string::npos);
  EXPECT_NE(
      error_of(
          with_header(
              R"({"w": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}})",
              16))
          .find("impossible shape"),
      std::string::npos);
  EXPECT_NE(
      error_of(with_header(R"({"w": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}})", 16))
          .find("claims the bytes"),
      std::string::npos);
}

}  // namespace
}  // namespace lambdaforge::models
