#include "trainer/data/token_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "trainer/data/token_store_format.h"

namespace lambdaforge::trainer {
namespace {

using models::Tokenizer;

class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) : size_(std::filesystem::file_size(path)) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0);
    const int error = errno;
    if (file >= 0) ::close(file);
    if (data_ == MAP_FAILED)
      throw std::runtime_error(
          fmt::format("cannot map {}: {}", path.string(), std::strerror(error)));
    ::madvise(data_, size_, MADV_RANDOM);  // lists are read in shuffled order
  }
  ~MappedFile() { ::munmap(data_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const { return static_cast<const std::byte*>(data_); }

 private:
  size_t size_;
  void* data_ = MAP_FAILED;
};

// Ids of 2 or 4 bytes anywhere in the mapped file, aligned or not.
class StoredIds {
 public:
  StoredIds(const std::byte* data, Hdf5Type type) : data_(data), type_(type) {}

  void read(int64_t begin, int64_t end, std::vector<int32_t>& ids) const {
    if (type_ == Hdf5Type::kUint16) read_as<uint16_t>(begin, end, ids);
    if (type_ == Hdf5Type::kInt32) read_as<int32_t>(begin, end, ids);
  }

  std::string_view bytes(int64_t begin, int64_t end) const {
    const size_t width = type_ == Hdf5Type::kUint16 ? sizeof(uint16_t) : sizeof(int32_t);
    return {reinterpret_cast<const char*>(data_) + static_cast<size_t>(begin) * width,
            static_cast<size_t>(end - begin) * width};
  }

 private:
  template <typename Id>
  void read_as(int64_t begin, int64_t end, std::vector<int32_t>& ids) const {
    ids.resize(static_cast<size_t>(end - begin));
    const std::byte* source = data_ + static_cast<size_t>(begin) * sizeof(Id);
    for (size_t i = 0; i < ids.size(); ++i) {
      Id id;
      std::memcpy(&id, source + i * sizeof(Id), sizeof(Id));
      ids[i] = id;
    }
  }

  const std::byte* data_;
  Hdf5Type type_;
};

[[noreturn]] void throw_inconsistent(const std::filesystem::path& path, const std::string& what) {
  throw std::invalid_argument(fmt::format(
      "{} is inconsistent: {}; build it again with `lambdaforge prepare`", path.string(), what));
}

void check_offsets(const std::filesystem::path& path, const std::string& name,
                   const std::vector<int64_t>& offsets, int64_t total) {
  const bool ends_meet = !offsets.empty() && offsets.front() == 0 && offsets.back() == total;
  if (!ends_meet || !std::is_sorted(offsets.begin(), offsets.end()))
    throw_inconsistent(path, fmt::format("{} do not rise from 0 to {}", name, total));
}

void check_format(const Hdf5Reader& file, const std::filesystem::path& path) {
  using namespace token_store_format;
  if (!file.has_attribute("format") || file.text_attribute("format") != kFormat)
    throw std::invalid_argument(fmt::format(
        "{} is an HDF5 file, but no token store; expected one made by `lambdaforge prepare`",
        path.string()));
  if (const int64_t version = file.integer_attribute("version"); version != kVersion)
    throw std::invalid_argument(fmt::format(
        "{} is a token store of version {}, this program reads version {}; build it again with "
        "`lambdaforge prepare`",
        path.string(), version, kVersion));
}

}  // namespace

struct TokenStore::State {
  explicit State(const std::filesystem::path& store_path)
      : State(Hdf5Reader(store_path), store_path) {}

  State(const Hdf5Reader& file, const std::filesystem::path& store_path) : path(store_path) {
    check_format(file, path);
    tokenizer = file.text_attribute("tokenizer");
    vocab_size = file.integer_attribute("vocab_size");
    source = {file.integer_attribute("source_size"), file.integer_attribute("source_mtime")};
    query_offsets = file.read<int64_t>("query_offsets");
    document_offsets = file.read<int64_t>("document_offsets");
    list_offsets = file.read<int64_t>("list_offsets");
    labels = file.read<float>("labels");
    const Hdf5Type type = token_store_format::id_type(vocab_size);
    const auto query_extent = file.extent("query_ids", type);
    const auto document_extent = file.extent("document_ids", type);
    check_offsets(path, "query_offsets", query_offsets, query_extent.size);
    check_offsets(path, "document_offsets", document_offsets, document_extent.size);
    check_offsets(path, "list_offsets", list_offsets, static_cast<int64_t>(labels.size()));
    if (query_offsets.size() != list_offsets.size() || document_offsets.size() != labels.size() + 1)
      throw_inconsistent(path, "the numbers of queries, lists, documents and labels do not match");
    const StoredIds queries(mapped.data() + query_extent.offset, type);
    const StoredIds documents(mapped.data() + document_extent.offset, type);
    check_ids("query_ids", queries, query_extent.size);
    check_ids("document_ids", documents, document_extent.size);
    query_ids = queries;
    document_ids = documents;
  }

  // The ends suffice to notice ids of another vocabulary or a file whose tail was never written.
  void check_ids(const std::string& name, const StoredIds& ids, int64_t size) const {
    std::vector<int32_t> end;
    for (const int64_t place : {int64_t{0}, size - 1}) {
      if (size == 0) return;
      ids.read(place, place + 1, end);
      if (end[0] < 0 || end[0] >= vocab_size)
        throw_inconsistent(path, fmt::format("{}[{}] is {}, but vocab_size is {}", name, place,
                                             end[0], vocab_size));
    }
  }

  std::filesystem::path path;
  MappedFile mapped{path};
  std::string tokenizer;
  int64_t vocab_size = 0;
  token_store_format::Source source;
  std::vector<int64_t> query_offsets;     // [lists + 1]
  std::vector<int64_t> document_offsets;  // [pairs + 1]
  std::vector<int64_t> list_offsets;      // [lists + 1]
  std::vector<float> labels;              // [pairs]
  StoredIds query_ids{nullptr, Hdf5Type::kUint16};
  StoredIds document_ids{nullptr, Hdf5Type::kUint16};
};

TokenStore::TokenStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenStore::TokenStore(TokenStore&&) noexcept = default;
TokenStore& TokenStore::operator=(TokenStore&&) noexcept = default;
TokenStore::~TokenStore() = default;

TokenStore TokenStore::open(const std::filesystem::path& path) {
  return TokenStore(std::make_unique<State>(path));
}

int64_t TokenStore::num_lists() const {
  return static_cast<int64_t>(state_->list_offsets.size()) - 1;
}

int64_t TokenStore::num_pairs() const {
  return static_cast<int64_t>(state_->labels.size());
}

std::span<const int64_t> TokenStore::list_offsets() const {
  return state_->list_offsets;
}

int64_t TokenStore::list_length(int64_t list) const {
  if (list < 0 || list >= num_lists())
    throw std::out_of_range(fmt::format("{} holds the lists 0 to {}; asked for {}",
                                        state_->path.string(), num_lists() - 1, list));
  const auto q = static_cast<size_t>(list);
  return state_->list_offsets[q + 1] - state_->list_offsets[q];
}

int64_t TokenStore::pair_tokens(int64_t list, int64_t document, int64_t max_length) const {
  constexpr int64_t kSpecialTokens = 3;  // [CLS] and two [SEP]
  const int64_t query = state_->query_offsets[list + 1] - state_->query_offsets[list];
  const int64_t text = state_->document_offsets[document + 1] - state_->document_offsets[document];
  return std::min(query + text + kSpecialTokens, max_length);
}

std::vector<int64_t> TokenStore::list_tokens(int64_t max_length) const {
  std::vector<int64_t> tokens(static_cast<size_t>(num_lists()), 0);
  for (int64_t list = 0; list < num_lists(); ++list)
    for (int64_t pair = state_->list_offsets[list]; pair < state_->list_offsets[list + 1]; ++pair)
      tokens[list] += pair_tokens(list, pair, max_length);
  return tokens;
}

std::span<const float> TokenStore::labels() const {
  return state_->labels;
}

std::string_view TokenStore::query_bytes(int64_t list) const {
  return state_->query_ids.bytes(state_->query_offsets[list], state_->query_offsets[list + 1]);
}

std::string_view TokenStore::document_bytes(int64_t document) const {
  return state_->document_ids.bytes(state_->document_offsets[document],
                                    state_->document_offsets[document + 1]);
}

ListStatistics TokenStore::statistics() const {
  ListStatistics statistics;
  const std::span<const float> labels = state_->labels;
  for (int64_t list = 0; list < num_lists(); ++list)
    statistics.add(labels.subspan(static_cast<size_t>(state_->list_offsets[list]),
                                  static_cast<size_t>(list_length(list))));
  return statistics;
}

void TokenStore::check_tokenizer(const Tokenizer& tokenizer) const {
  if (state_->tokenizer == tokenizer.fingerprint()) return;
  throw std::invalid_argument(
      fmt::format("{} holds ids of another tokenizer (fingerprint {}, the model's has {}); build "
                  "it again with `lambdaforge prepare`",
                  state_->path.string(), state_->tokenizer, tokenizer.fingerprint()));
}

bool TokenStore::is_current(const std::filesystem::path& lists, const Tokenizer& tokenizer) const {
  const auto source = token_store_format::Source::of(lists);
  return source.size >= 0 && source == state_->source &&
         state_->tokenizer == tokenizer.fingerprint();
}

void TokenStore::append_list(int64_t list, const Tokenizer& tokenizer, int64_t max_length,
                             uint32_t first_pair_key, Batch& batch) const {
  std::vector<int64_t> own(list_length(list));
  std::iota(own.begin(), own.end(), state_->list_offsets[list]);
  append_documents(list, own, tokenizer, max_length, first_pair_key, batch);
}

void TokenStore::append_documents(int64_t list, std::span<const int64_t> documents,
                                  const Tokenizer& tokenizer, int64_t max_length,
                                  uint32_t first_pair_key, Batch& batch) const {
  const int64_t begin = state_->list_offsets[list], end = begin + list_length(list);
  std::vector<int32_t> query;
  std::vector<int32_t> text;
  state_->query_ids.read(state_->query_offsets[list], state_->query_offsets[list + 1], query);
  for (const int64_t document : documents) {
    const int64_t* offsets = &state_->document_offsets[document];
    state_->document_ids.read(offsets[0], offsets[1], text);
    tokenizer.append_pair(query, text, max_length, batch.tokens);
    batch.tokens.pair_keys.back() = first_pair_key++;
    const bool is_own = begin <= document && document < end;
    batch.labels.push_back(is_own ? state_->labels[document] : 0);
  }
  batch.list_offsets.push_back(batch.list_offsets.back() + std::ssize(documents));
}

}  // namespace lambdaforge::trainer
