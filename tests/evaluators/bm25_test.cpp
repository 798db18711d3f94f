#include "evaluators/bm25.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <thread>

namespace lambdaforge::evaluators {
namespace {

using Terms = std::vector<std::string>;

TEST(Bm25Terms, AreLowerCasedStemmedAndFreeOfStopWords) {
  EXPECT_EQ(bm25_terms("The CATS, and 2 dogs' running-shoes!"),
            (Terms{"cat", "2", "dog", "run", "shoe"}));
}

TEST(Bm25Terms, KeepBytesBeyondAscii) {
  EXPECT_EQ(bm25_terms("caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC"),
            (Terms{"caf\xC3\xA9", "\xE6\x97\xA5\xE6\x9C\xAC"}));
}

TEST(Bm25Terms, MayBeNone) {
  EXPECT_TRUE(bm25_terms("").empty());
  EXPECT_TRUE(bm25_terms(" ... the !").empty());
}

// tf / (tf + k1 * (1 - b + b * length)) with the length as a multiple of the mean.
double saturation(double tf, double length) {
  return tf / (tf + 0.9 * (1 - 0.4 + 0.4 * length));
}

TEST(Bm25Index, ScoresByLucenesFormula) {
  const Bm25Index index({"red fox", "red red wolf", "blue", "blue bear"});
  const double mean = (2 + 3 + 1 + 2) / 4.0;
  const double idf = std::log(1 + (4 - 2 + 0.5) / (2 + 0.5));
  const auto hits = index.search("Red?", 10);
  ASSERT_EQ(hits.size(), 2U);
  EXPECT_EQ(hits[0].first, 1);
  EXPECT_NEAR(hits[0].second, idf * saturation(2, 3 / mean), 1e-7);
  EXPECT_EQ(hits[1].first, 0);
  EXPECT_NEAR(hits[1].second, idf * saturation(1, 2 / mean), 1e-7);
}

TEST(Bm25Index, AddsTheTermsOfTheQueryRepeatedOnesToo) {
  const Bm25Index index({"red fox", "blue bear"});
  const double red = index.search("red", 1).at(0).second;
  const double fox = index.search("fox", 1).at(0).second;
  EXPECT_NEAR(index.search("red fox red", 1).at(0).second, 2 * red + fox, 1e-12);
}

TEST(Bm25Index, OrdersEqualScoresByIndex) {
  const Bm25Index index({"bear", "fox", "bear", "fox", "fox"});
  std::vector<int64_t> found;
  for (const auto& hit : index.search("fox", 2)) found.push_back(hit.first);
  EXPECT_EQ(found, (std::vector<int64_t>{1, 3}));
}

TEST(Bm25Index, FindsNothingWithoutACommonTerm) {
  const Bm25Index index({"red fox", ""});
  EXPECT_TRUE(index.search("bear", 10).empty());
  EXPECT_TRUE(index.search("the", 10).empty());
  EXPECT_TRUE(index.search("fox", 0).empty());
  EXPECT_TRUE(Bm25Index({}).search("fox", 10).empty());
  EXPECT_TRUE(Bm25Index({"", "the"}).search("fox", 10).empty());
}

TEST(Bm25Index, KeepsSearchesOfDifferentIndexesApart) {
  const Bm25Index large({"fox", "fox", "fox"});
  const Bm25Index small({"fox"});
  const auto before = large.search("fox", 10);
  EXPECT_EQ(small.search("fox", 10).size(), 1U);
  EXPECT_EQ(large.search("fox", 10), before);
}

TEST(Bm25Index, AnswersManyThreads) {
  const Bm25Index index({"red fox", "running foxes", "blue bear"});
  const auto expected = index.search("fox runs", 10);
  std::vector<std::vector<std::pair<int64_t, double>>> answers(4);
  std::vector<std::thread> threads;
  for (auto& answer : answers)
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat) answer = index.search("fox runs", 10);
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, expected);
}

TEST(Bm25Index, RefusesImpossibleOptions) {
  EXPECT_THROW(Bm25Index({"fox"}, {.k1 = -1}), std::invalid_argument);
  EXPECT_THROW(Bm25Index({"fox"}, {.b = 1.5}), std::invalid_argument);
  EXPECT_THROW(Bm25Index({"fox"}, {.b = std::nan("")}), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::evaluators
