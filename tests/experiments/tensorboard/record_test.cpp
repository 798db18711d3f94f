#include "experiments/tensorboard/record.h"

#include <gtest/gtest.h>

#include <bit>

namespace lambdaforge::experiments::tensorboard {
namespace {

using namespace std::string_literals;

TEST(TensorBoardRecord, HasTheChecksumOfTheStandard) {
  constexpr uint32_t kCheck = 0xe3069283;  // of "123456789": RFC 3720, CRC-32C's check value
  EXPECT_EQ(masked_crc32c("123456789"), std::rotr(kCheck, 15) + 0xa282ead8);
}

// As tensorboard 2.21 frames it.
TEST(TensorBoardRecord, FramesAPayload) {
  EXPECT_EQ(frame("abc"),
            "\x03\0\0\0\0\0\0\0"
            "\xb0\x99\x49\x0e"
            "abc"
            "\x6e\x57\xf1\x21"s);
}

}  // namespace
}  // namespace lambdaforge::experiments::tensorboard
