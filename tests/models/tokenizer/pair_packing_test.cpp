#include "models/tokenizer/pair_packing.h"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

namespace lambdaforge::models {
namespace {

constexpr int32_t kCls = 101;
constexpr int32_t kSep = 102;

std::vector<int32_t> sequence(int64_t length, int32_t first) {
  std::vector<int32_t> ids(static_cast<size_t>(length));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

TEST(LongestFirst, KeepsWhatFits) {
  EXPECT_EQ(longest_first({10, 51}, 61), (PairLengths{10, 51}));
  EXPECT_EQ(longest_first({0, 0}, 0), (PairLengths{0, 0}));
}

TEST(LongestFirst, ShortensTheLongerText) {
  EXPECT_EQ(longest_first({10, 200}, 61), (PairLengths{10, 61 - 10}));
  EXPECT_EQ(longest_first({61, 1}, 61), (PairLengths{61 - 1, 1}));
}

TEST(LongestFirst, HalvesWhenBothAreTooLong) {
  EXPECT_EQ(longest_first({100, 40}, 61), (PairLengths{61 - 61 / 2, 61 / 2}));
  EXPECT_EQ(longest_first({31, 31}, 61), (PairLengths{61 / 2, 61 - 61 / 2}))
      << "at equal lengths the document keeps the odd token";
  EXPECT_EQ(longest_first({5, 5}, 0), (PairLengths{0, 0}));
}

TEST(LongestFirst, FillsTheBudgetWheneverItCuts) {
  for (int64_t budget = 0; budget < 12; ++budget)
    for (int64_t query = 0; query < 15; ++query)
      for (int64_t document = 0; document < 15; ++document) {
        const PairLengths kept = longest_first({query, document}, budget);
        EXPECT_EQ(kept.query + kept.document, std::min(query + document, budget));
        EXPECT_LE(kept.query, query);
        EXPECT_LE(kept.document, document);
      }
}

TEST(AppendPackedPair, PacksPairsOneBehindTheOther) {
  TokenBatch batch;
  append_packed_pair(sequence(2, 1), sequence(3, 11), kCls, kSep, 100, batch);
  append_packed_pair(sequence(5, 1), sequence(5, 11), kCls, kSep, 3 + 4, batch);
  using Ids = std::vector<int32_t>;
  EXPECT_EQ(batch.ids, (Ids{kCls, 1, 2, kSep, 11, 12, 13, kSep, kCls, 1, 2, kSep, 11, 12, kSep}));
  EXPECT_EQ(batch.type_ids, (Ids{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(batch.positions, (Ids{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(batch.pair_offsets, (std::vector<int64_t>{0, 8, 8 + 7}));
  EXPECT_EQ(batch.pair_keys, (std::vector<uint32_t>{0, 1}));
}

TEST(AppendPackedPair, NeedsRoomForItsSpecialTokens) {
  TokenBatch batch;
  append_packed_pair(sequence(2, 1), {}, kCls, kSep, 3, batch);
  EXPECT_EQ(batch.ids, (std::vector<int32_t>{kCls, kSep, kSep}));
  EXPECT_THROW(append_packed_pair({}, {}, kCls, kSep, 2, batch), std::invalid_argument);
  EXPECT_EQ(batch.num_pairs(), 1) << "a refused pair leaves the batch as it was";
}

}  // namespace
}  // namespace lambdaforge::models
