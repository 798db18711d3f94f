#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "base/files.h"
#include "trainer/data/token_store.h"
#include "trainer/data/token_store_format.h"

namespace lambdaforge::trainer {
namespace {

using models::Tokenizer;

// A contiguous dataset needs its size beforehand. Ids wait in an unnamed file beside the store
// until all of them are known; offsets wait in memory, where the reader keeps them too.
class IdSpool {
 public:
  explicit IdSpool(const std::filesystem::path& path)
      : path_(path), file_(std::fopen(path.c_str(), "w+b"), &std::fclose) {
    if (!file_) fail("create");
    std::filesystem::remove(path);  // the open file lives on without a name
  }

  void append(std::span<const int32_t> ids) {
    if (std::fwrite(ids.data(), sizeof(int32_t), ids.size(), file_.get()) != ids.size())
      fail("write");
    offsets_.push_back(offsets_.back() + static_cast<int64_t>(ids.size()));
  }

  template <typename Stored>
  void store(Hdf5Writer& writer, const std::string& name) {
    writer.create(name, hdf5_type<Stored>(), offsets_.back());
    if (std::fflush(file_.get()) != 0) fail("write");
    std::rewind(file_.get());
    std::vector<int32_t> ids(1 << 18);
    std::vector<Stored> stored;
    for (int64_t start = 0; start < offsets_.back();) {
      const size_t count = std::fread(ids.data(), sizeof(int32_t), ids.size(), file_.get());
      if (count == 0) fail("read");
      stored.assign(ids.begin(), ids.begin() + static_cast<int64_t>(count));
      writer.write(name, start, std::span<const Stored>(stored));
      start += static_cast<int64_t>(count);
    }
  }

  std::span<const int64_t> offsets() const { return offsets_; }

 private:
  [[noreturn]] void fail(const char* action) const {
    throw std::runtime_error(
        fmt::format("cannot {} {}: {}", action, path_.string(), std::strerror(errno)));
  }

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::vector<int64_t> offsets_{0};
};

struct EncodedList {
  std::vector<int32_t> query;
  std::vector<std::vector<int32_t>> documents;
};

EncodedList encode(const RankedList& list, const Tokenizer& tokenizer) {
  EncodedList encoded{tokenizer.encode(list.query), {}};
  encoded.documents.reserve(list.documents.size());
  for (const std::string& text : list.documents)
    encoded.documents.push_back(tokenizer.encode(text));
  return encoded;
}

// Every thread takes one slice; results keep the order of the lists.
std::vector<EncodedList> encode(std::span<const RankedList> lists, const Tokenizer& tokenizer) {
  std::vector<EncodedList> encoded(lists.size());
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 16);
  const size_t slice = (lists.size() + threads - 1) / threads;
  std::vector<std::future<void>> slices;
  for (size_t begin = 0; begin < lists.size(); begin += slice)
    slices.push_back(std::async(std::launch::async, [&, begin] {
      for (size_t i = begin; i < std::min(begin + slice, lists.size()); ++i)
        encoded[i] = encode(lists[i], tokenizer);
    }));
  for (auto& result : slices) result.get();
  return encoded;
}

// Collects lists, tokenises a block of them at a time, and knows all when the file ends.
class StoreBuilder {
 public:
  StoreBuilder(const Tokenizer& tokenizer, const std::filesystem::path& temporary)
      : tokenizer_(tokenizer),
        queries_(temporary.string() + ".queries"),
        documents_(temporary.string() + ".documents") {}

  void add(RankedList&& list) {
    constexpr size_t kBlockBytes = 4 << 20;  // of texts; their ids take about as much again
    const auto bytes = [](const std::string& text) { return sizeof(text) + text.size(); };
    block_bytes_ += bytes(list.query);
    for (const std::string& document : list.documents) block_bytes_ += bytes(document);
    block_.push_back(std::move(list));
    if (block_bytes_ >= kBlockBytes) finish_block();
  }

  void finish_block() {
    for (const EncodedList& list : encode(block_, tokenizer_)) {
      queries_.append(list.query);
      for (const auto& document : list.documents) documents_.append(document);
    }
    for (const RankedList& list : block_) {
      labels_.insert(labels_.end(), list.labels.begin(), list.labels.end());
      list_offsets_.push_back(static_cast<int64_t>(labels_.size()));
      statistics_.add(list.labels);
    }
    block_.clear();
    block_bytes_ = 0;
  }

  template <typename Id>
  void store_as(Hdf5Writer& writer) {
    queries_.store<Id>(writer, "query_ids");
    writer.create("query_offsets", queries_.offsets());
    documents_.store<Id>(writer, "document_ids");
    writer.create("document_offsets", documents_.offsets());
    writer.create("list_offsets", std::span<const int64_t>(list_offsets_));
    writer.create("labels", std::span<const float>(labels_));
  }

  void store(Hdf5Writer& writer) {
    using namespace token_store_format;
    writer.set_attribute("format", kFormat);
    writer.set_attribute("version", kVersion);
    writer.set_attribute("tokenizer", tokenizer_.fingerprint());
    writer.set_attribute("vocab_size", tokenizer_.vocab_size());
    if (id_type(tokenizer_.vocab_size()) == Hdf5Type::kUint16) store_as<uint16_t>(writer);
    if (id_type(tokenizer_.vocab_size()) == Hdf5Type::kInt32) store_as<int32_t>(writer);
  }

  const ListStatistics& statistics() const { return statistics_; }

 private:
  const Tokenizer& tokenizer_;
  IdSpool queries_;
  IdSpool documents_;
  std::vector<RankedList> block_;
  size_t block_bytes_ = 0;
  std::vector<float> labels_;
  std::vector<int64_t> list_offsets_{0};
  ListStatistics statistics_;
};

ListStatistics write_store(const std::filesystem::path& lists, const Tokenizer& tokenizer,
                           const std::filesystem::path& path) {
  // Taken before reading: a file that changes meanwhile must not look current.
  const auto source = token_store_format::Source::of(lists);
  StoreBuilder builder(tokenizer, path);
  read_lists(lists, [&](RankedList&& list) { builder.add(std::move(list)); });
  builder.finish_block();
  if (builder.statistics().lists == 0)
    throw std::invalid_argument(
        fmt::format("{} holds no list to train on; expected at least one", lists.string()));
  Hdf5Writer writer(path);
  builder.store(writer);
  writer.set_attribute("source_path", std::filesystem::absolute(lists).string());
  writer.set_attribute("source_size", source.size);
  writer.set_attribute("source_mtime", source.mtime);
  writer.close();
  return builder.statistics();
}

}  // namespace

ListStatistics build_token_store(const std::filesystem::path& lists, const Tokenizer& tokenizer,
                                 const std::filesystem::path& store) {
  const auto file = replaceable_file(store);
  if (!file)  // HDF5 goes back and forth in what it writes
    throw std::invalid_argument(fmt::format(
        "{} is a device, a pipe or a folder; expected a file's name for the token store",
        store.string()));
  const std::filesystem::path folder = file->has_parent_path() ? file->parent_path() : ".";
  std::filesystem::create_directories(folder);
  const std::filesystem::path temporary = fmt::format("{}.{}.tmp", file->string(), ::getpid());
  try {
    const ListStatistics statistics = write_store(lists, tokenizer, temporary);
    sync_file(temporary);
    std::filesystem::rename(temporary, *file);
    sync_folder(folder);
    return statistics;
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

}  // namespace lambdaforge::trainer
