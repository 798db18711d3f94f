#include "models/tokenizer/pair_packing.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace lambdaforge::models {
namespace {

constexpr int64_t kSpecialTokens = 3;

}  // namespace

PairLengths longest_first(PairLengths lengths, int64_t budget) {
  if (lengths.query + lengths.document <= budget) return lengths;
  const int64_t shorter = std::min({lengths.query, lengths.document, budget / 2});
  const int64_t longer = budget - shorter;
  return lengths.query > lengths.document ? PairLengths{longer, shorter}
                                          : PairLengths{shorter, longer};
}

void append_packed_pair(std::span<const int32_t> query, std::span<const int32_t> document,
                        int32_t cls_id, int32_t sep_id, int64_t max_length, TokenBatch& batch) {
  if (max_length < kSpecialTokens)
    throw std::invalid_argument(
        fmt::format("max_length is {}, but [CLS] query [SEP] document [SEP] needs at least {}",
                    max_length, kSpecialTokens));
  const PairLengths kept =
      longest_first({std::ssize(query), std::ssize(document)}, max_length - kSpecialTokens);
  query = query.first(static_cast<size_t>(kept.query));
  document = document.first(static_cast<size_t>(kept.document));

  const size_t begin = batch.ids.size();
  const size_t length = query.size() + document.size() + kSpecialTokens;
  batch.ids.push_back(cls_id);
  batch.ids.insert(batch.ids.end(), query.begin(), query.end());
  batch.ids.push_back(sep_id);
  batch.ids.insert(batch.ids.end(), document.begin(), document.end());
  batch.ids.push_back(sep_id);
  batch.type_ids.resize(begin + query.size() + 2, 0);
  batch.type_ids.resize(begin + length, 1);
  batch.positions.resize(begin + length);
  std::iota(batch.positions.begin() + static_cast<std::ptrdiff_t>(begin), batch.positions.end(), 0);
  batch.pair_keys.push_back(static_cast<uint32_t>(batch.num_pairs()));
  batch.pair_offsets.push_back(static_cast<int64_t>(begin + length));
}

}  // namespace lambdaforge::models
