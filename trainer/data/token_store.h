// Tokenised lists on disk. Texts are kept whole and without special tokens, so that max_length can
// change without tokenising again.
//
// One HDF5 file for Q lists of P documents, every dataset one-dimensional and contiguous:
//     query_ids         uint16, or int32 when vocab_size > 65,536
//     query_offsets     int64 [Q + 1]  query q holds query_ids[offsets[q], offsets[q + 1])
//     document_ids      as query_ids
//     document_offsets  int64 [P + 1]
//     list_offsets      int64 [Q + 1]  list q holds the documents [offsets[q], offsets[q + 1])
//     labels            float32 [P]
// Root attributes: format "lambdaforge token store", version, tokenizer (its fingerprint),
// vocab_size, source_path, source_size (bytes), source_mtime (nanoseconds since 1970).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "models/tokenizer/tokenizer.h"
#include "trainer/data/batch.h"
#include "trainer/data/list_reader.h"

namespace lambdaforge::trainer {

// Tokenises `lists` (any file of read_lists) into a new token store, on all processors and with
// bounded memory; the bytes depend on neither. Written under a temporary name, synced, renamed.
// Throws what read_lists throws, std::invalid_argument when the file holds no list and, before
// it is read, when `store` is no replaceable_file; std::runtime_error when the store cannot be
// written.
ListStatistics build_token_store(const std::filesystem::path& lists,
                                 const models::Tokenizer& tokenizer,
                                 const std::filesystem::path& store);

// Offsets and labels live in memory; ids are mapped, so that the processes of one machine share
// them. Reading is thread-safe.
class TokenStore {
 public:
  // Throws std::runtime_error when the file cannot be opened, and std::invalid_argument when it is
  // no token store, of another version, truncated, or inconsistent.
  static TokenStore open(const std::filesystem::path& path);

  TokenStore(TokenStore&&) noexcept;
  TokenStore& operator=(TokenStore&&) noexcept;
  ~TokenStore();

  int64_t num_lists() const;
  int64_t num_pairs() const;
  int64_t list_length(int64_t list) const;        // documents
  std::span<const int64_t> list_offsets() const;  // [lists + 1] in pairs
  // [lists] tokens of each list's pairs, cut to max_length, special tokens included.
  std::vector<int64_t> list_tokens(int64_t max_length) const;
  // Tokens of the query of `list` with any document of the store, as above.
  int64_t pair_tokens(int64_t list, int64_t document, int64_t max_length) const;
  std::span<const float> labels() const;  // [pairs], by document
  // The tokens as they are stored: equal for the same query, or the same document, and only then.
  // The views live as long as the store.
  std::string_view query_bytes(int64_t list) const;
  std::string_view document_bytes(int64_t document) const;
  ListStatistics statistics() const;

  // Throws std::invalid_argument when another tokenizer made the ids.
  void check_tokenizer(const models::Tokenizer& tokenizer) const;

  // Whether the store was made from this very file by this tokenizer, by size, modification time
  // and fingerprint: it need not be built again. False when `lists` does not exist.
  bool is_current(const std::filesystem::path& lists, const models::Tokenizer& tokenizer) const;

  // Appends the pairs of one list, cut to max_length tokens, with their labels, the list's end and
  // the keys first_pair_key, first_pair_key + 1, ... Throws std::out_of_range for an unknown list.
  void append_list(int64_t list, const models::Tokenizer& tokenizer, int64_t max_length,
                   uint32_t first_pair_key, Batch& batch) const;

  // The same for the list's query with any documents of the store, by their places among all pairs.
  // A document of another list has the label 0.
  void append_documents(int64_t list, std::span<const int64_t> documents,
                        const models::Tokenizer& tokenizer, int64_t max_length,
                        uint32_t first_pair_key, Batch& batch) const;

 private:
  struct State;
  explicit TokenStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lambdaforge::trainer
