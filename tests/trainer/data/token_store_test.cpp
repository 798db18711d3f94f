#include "trainer/data/token_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/files.h"
#include "tests/trainer/data/test_files.h"
#include "trainer/data/hdf5_file.h"

namespace lambdaforge::trainer {
namespace {

using models::Tokenizer;

const std::vector<std::string> kWords = {"red", "green", "blue", "apple", "tree", "sky"};

constexpr const char* kLists =
    R"({"query": "red apple", "docs": ["apple tree green", "blue sky", ""], "labels": [2, 0, -1]})"
    "\n"
    R"({"query": "sky", "docs": ["blue blue blue sky tree"], "labels": [0]})"
    "\n";

std::string file_of_lists(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format(R"({{"query": "{}", "docs": ["{}", "red {}"], "labels": [{}, 0]}})"
                        "\n",
                        kWords[i % 6], kWords[i % 5], kWords[i % 4], i);
  return text;
}

TEST(TokenStore, GivesBackWhatTheTokenizerGives) {
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  const auto lists = write_text(folder / "lists.jsonl", kLists);
  const ListStatistics statistics =
      build_token_store(lists, tokenizer, folder / "new" / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "new" / "lists.h5");
  store.check_tokenizer(tokenizer);
  EXPECT_EQ(store.num_lists(), 2);
  EXPECT_EQ(store.num_pairs(), 4);
  EXPECT_EQ(store.list_length(0), 3);
  EXPECT_EQ(store.list_length(1), 1);
  EXPECT_EQ(statistics, store.statistics());
  EXPECT_EQ(statistics.single_document_lists, 1);
  EXPECT_EQ(statistics.lists_without_positive, 1);

  for (const int64_t max_length : {3, 5, 128}) {
    models::TokenBatch expected;
    const auto append = [&](const char* query, const char* document) {
      tokenizer.append_pair(tokenizer.encode(query), tokenizer.encode(document), max_length,
                            expected);
    };
    append("sky", "blue blue blue sky tree");
    append("red apple", "apple tree green");
    append("red apple", "blue sky");
    append("red apple", "");
    Batch batch;
    store.append_list(1, tokenizer, max_length, 40, batch);
    store.append_list(0, tokenizer, max_length, 7, batch);
    EXPECT_EQ(batch.tokens.ids, expected.ids);
    EXPECT_EQ(batch.tokens.type_ids, expected.type_ids);
    EXPECT_EQ(batch.tokens.positions, expected.positions);
    EXPECT_EQ(batch.tokens.pair_offsets, expected.pair_offsets);
    EXPECT_EQ(batch.tokens.pair_keys, (std::vector<uint32_t>{40, 7, 8, 9}));
    EXPECT_EQ(batch.labels, (std::vector<float>{0, 2, 0, -1}));
    EXPECT_EQ(batch.list_offsets, (std::vector<int64_t>{0, 1, 4}));
  }
}

TEST(TokenStore, KeepsTheOrderOfTheFileWithManyThreads) {
  constexpr int kCount = 80'000;  // several blocks
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  const auto lists = write_text(folder / "lists.jsonl", file_of_lists(kCount));
  build_token_store(lists, tokenizer, folder / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "lists.h5");
  ASSERT_EQ(store.num_lists(), kCount);
  for (int64_t i = 0; i < kCount; ++i) {
    Batch batch;
    store.append_list(i, tokenizer, 128, 0, batch);
    ASSERT_EQ(batch.labels.front(), static_cast<float>(i));
    ASSERT_EQ(batch.tokens.ids[1], tokenizer.encode(kWords[static_cast<size_t>(i % 6)]).front());
  }
}

// HDF5 notes the second in which a dataset was made, unless it is told not to.
TEST(TokenStore, IsTheSameBytesAtAnotherTime) {
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  const auto lists = write_text(folder / "lists.jsonl", file_of_lists(80'000));
  build_token_store(lists, tokenizer, folder / "a.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  build_token_store(lists, tokenizer, folder / "b.h5");
  EXPECT_EQ(read_file(folder / "a.h5"), read_file(folder / "b.h5"));
}

TEST(TokenStore, HoldsIdsOfALargeVocabulary) {
  std::vector<std::string> words(70'000);
  for (size_t i = 0; i < words.size(); ++i) words[i] = fmt::format("w{}", i);
  const Tokenizer tokenizer = make_tokenizer(words);
  const auto folder = scratch_folder();
  build_token_store(write_text(folder / "lists.jsonl",
                               R"({"query": "w69999", "docs": ["w0 w66000"], "labels": [1]})"),
                    tokenizer, folder / "lists.h5");
  Batch batch;
  TokenStore::open(folder / "lists.h5").append_list(0, tokenizer, 128, 0, batch);
  EXPECT_EQ(batch.tokens.ids, (std::vector<int32_t>{2, 69999 + 5, 3, 0 + 5, 66000 + 5, 3}));
}

TEST(TokenStore, CountsTheTokensThatAListTakes) {
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  build_token_store(write_text(folder / "lists.jsonl", kLists), tokenizer, folder / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "lists.h5");
  for (const int64_t max_length : {3, 7, 128})
    for (const int64_t list : {0, 1}) {
      Batch batch;
      store.append_list(list, tokenizer, max_length, 0, batch);
      EXPECT_EQ(store.list_tokens(max_length)[list], batch.tokens.num_tokens());
    }
}

TEST(TokenStore, KnowsWhetherItIsCurrent) {
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  const auto lists = write_text(folder / "lists.jsonl", kLists);
  build_token_store(lists, tokenizer, folder / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "lists.h5");
  EXPECT_TRUE(store.is_current(lists, tokenizer));
  EXPECT_FALSE(store.is_current(lists, make_tokenizer({"other"})));
  EXPECT_FALSE(store.is_current(folder / "gone.jsonl", tokenizer));
  write_text(lists, file_of_lists(3));
  EXPECT_FALSE(store.is_current(lists, tokenizer));
}

TEST(TokenStore, RefusesAnotherTokenizer) {
  const auto folder = scratch_folder();
  build_token_store(write_text(folder / "lists.jsonl", kLists), make_tokenizer(kWords),
                    folder / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "lists.h5");
  EXPECT_CONTAINS(
      message_of<std::invalid_argument>([&] { store.check_tokenizer(make_tokenizer({"other"})); }),
      "holds ids of another tokenizer");
}

TEST(TokenStore, RefusesAnUnknownList) {
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  build_token_store(write_text(folder / "lists.jsonl", kLists), tokenizer, folder / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "lists.h5");
  Batch batch;
  EXPECT_THROW(store.append_list(2, tokenizer, 128, 0, batch), std::out_of_range);
  EXPECT_THROW(store.append_list(-1, tokenizer, 128, 0, batch), std::out_of_range);
}

TEST(BuildTokenStore, LeavesTheOldStoreAloneWhenTheListsAreBad) {
  const auto folder = scratch_folder();
  const Tokenizer tokenizer = make_tokenizer(kWords);
  const auto lists = write_text(folder / "lists.jsonl", kLists);
  build_token_store(lists, tokenizer, folder / "lists.h5");
  const std::string before = read_file(folder / "lists.h5");
  write_text(lists, std::string(kLists) + "broken");
  EXPECT_THROW(build_token_store(lists, tokenizer, folder / "lists.h5"), std::invalid_argument);
  EXPECT_EQ(read_file(folder / "lists.h5"), before);
  const std::filesystem::directory_iterator files(folder);
  EXPECT_EQ(std::distance(begin(files), end(files)), 2);  // the lists and the store
}

TEST(BuildTokenStore, RefusesAFileWithoutLists) {
  const auto folder = scratch_folder();
  EXPECT_CONTAINS(message_of<std::invalid_argument>([&] {
                    build_token_store(write_text(folder / "lists.jsonl", "\n"),
                                      make_tokenizer(kWords), folder / "lists.h5");
                  }),
                  "holds no list to train on");
  EXPECT_FALSE(std::filesystem::exists(folder / "lists.h5"));
}

TEST(BuildTokenStore, FollowsASymlink) {
  const auto folder = scratch_folder();
  std::filesystem::create_symlink("lists.h5", folder / "link.h5");
  build_token_store(write_text(folder / "lists.jsonl", kLists), make_tokenizer(kWords),
                    folder / "link.h5");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.h5"));
  EXPECT_EQ(TokenStore::open(folder / "lists.h5").num_lists(), 2);
}

TEST(BuildTokenStore, RefusesWhatIsNoFileBeforeItReadsTheLists) {
  const auto folder = scratch_folder();
  ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_CONTAINS(message_of<std::invalid_argument>([&] {
                    build_token_store(folder / "missing.jsonl", make_tokenizer(kWords),
                                      folder / "fifo");
                  }),
                  "fifo is a device, a pipe or a folder");
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "fifo"));
}

std::string error_of_open(const std::filesystem::path& path) {
  return message_of<std::invalid_argument>([&] { TokenStore::open(path); });
}

TEST(OpenTokenStore, NamesTheMissingFile) {
  EXPECT_CONTAINS(message_of<std::runtime_error>([] { TokenStore::open("/no/such.h5"); }),
                  "cannot read /no/such.h5");
}

TEST(OpenTokenStore, RefusesForeignFiles) {
  const auto folder = scratch_folder();
  EXPECT_CONTAINS(error_of_open(write_text(folder / "a.h5", kLists)), "a.h5 is no HDF5 file");
  EXPECT_CONTAINS(error_of_open(write_text(folder / "empty.h5", "")), "empty.h5 is no HDF5 file");
  Hdf5Writer(folder / "b.h5").set_attribute("format", "lambdaforge run");
  EXPECT_CONTAINS(error_of_open(folder / "b.h5"), "is an HDF5 file, but no token store");
}

TEST(OpenTokenStore, RefusesATruncatedFile) {
  const auto folder = scratch_folder();
  const auto store = folder / "lists.h5";
  build_token_store(write_text(folder / "lists.jsonl", file_of_lists(500)), make_tokenizer(kWords),
                    store);
  for (const uintmax_t cut : {1, 100, 5000}) {
    std::filesystem::resize_file(store, std::filesystem::file_size(store) - cut);
    EXPECT_CONTAINS(error_of_open(store), "lists.h5 is no intact HDF5 file");
  }
}

// What the file of a token store holds, to be spoilt in one place.
struct StoreContent {
  std::string format = "lambdaforge token store";
  int64_t version = 1;
  int64_t vocab_size = 11;
  std::vector<uint16_t> query_ids{5, 6};
  std::vector<int64_t> query_offsets{0, 1, 2};
  std::vector<uint16_t> document_ids{7, 8, 9, 10};
  std::vector<int64_t> document_offsets{0, 1, 2, 4};
  std::vector<int64_t> list_offsets{0, 2, 3};
  std::vector<float> labels{1, 0, 1};
};

std::filesystem::path write_store(const StoreContent& content) {
  const auto path = scratch_folder() / "store.h5";
  Hdf5Writer writer(path);
  writer.set_attribute("format", content.format);
  writer.set_attribute("version", content.version);
  writer.set_attribute("tokenizer", "fingerprint");
  writer.set_attribute("vocab_size", content.vocab_size);
  writer.set_attribute("source_size", 1);
  writer.set_attribute("source_mtime", 1);
  writer.create("query_ids", std::span<const uint16_t>(content.query_ids));
  writer.create("query_offsets", std::span<const int64_t>(content.query_offsets));
  writer.create("document_ids", std::span<const uint16_t>(content.document_ids));
  writer.create("document_offsets", std::span<const int64_t>(content.document_offsets));
  writer.create("list_offsets", std::span<const int64_t>(content.list_offsets));
  writer.create("labels", std::span<const float>(content.labels));
  writer.close();
  return path;
}

TEST(OpenTokenStore, ReadsAStoreWrittenByHand) {
  EXPECT_EQ(TokenStore::open(write_store({})).num_pairs(), 3);
}

TEST(OpenTokenStore, RefusesAnotherVersion) {
  EXPECT_CONTAINS(error_of_open(write_store({.version = 2})),
                  "of version 2, this program reads version 1");
}

TEST(OpenTokenStore, RefusesOffsetsThatDoNotFit) {
  EXPECT_CONTAINS(error_of_open(write_store({.query_offsets = {0, 2, 1}})),
                  "query_offsets do not rise from 0 to 2");
  EXPECT_CONTAINS(error_of_open(write_store({.document_offsets = {0, 3, 2, 4}})),
                  "document_offsets do not rise from 0 to 4");
  EXPECT_CONTAINS(error_of_open(write_store({.list_offsets = {1, 2, 3}})),
                  "list_offsets do not rise from 0 to 3");
  EXPECT_CONTAINS(error_of_open(write_store({.list_offsets = {}})), "list_offsets do not rise");
}

TEST(OpenTokenStore, RefusesCountsThatDiffer) {
  EXPECT_CONTAINS(error_of_open(write_store({.query_offsets = {0, 2}})), "do not match");
  EXPECT_CONTAINS(error_of_open(write_store({.document_offsets = {0, 2, 4}})), "do not match");
}

TEST(OpenTokenStore, RefusesIdsOutsideTheVocabulary) {
  EXPECT_CONTAINS(error_of_open(write_store({.document_ids = {7, 8, 9, 11}})),
                  "document_ids[3] is 11, but vocab_size is 11");
}

TEST(OpenTokenStore, RefusesIdsOfAnotherWidth) {
  EXPECT_CONTAINS(error_of_open(write_store({.vocab_size = 70'000})),
                  "'query_ids' is not stored contiguously under the expected type");
}

}  // namespace
}  // namespace lambdaforge::trainer
