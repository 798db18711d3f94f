#include "trainer/data/in_batch_negatives.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "trainer/data/random.h"

namespace lambdaforge::trainer {
namespace {

std::vector<int64_t> documents_of(const TokenStore& store, int64_t list) {
  std::vector<int64_t> documents(store.list_length(list));
  std::iota(documents.begin(), documents.end(), store.list_offsets()[list]);
  return documents;
}

// The first of the highest label, if that is above 0.
std::optional<int64_t> find_positive(const TokenStore& store,
                                     const std::vector<int64_t>& documents) {
  const auto label = [&](int64_t document) { return store.labels()[document]; };
  const auto best = std::ranges::max_element(documents, {}, label);
  if (best == documents.end() || label(*best) <= 0) return std::nullopt;
  return *best;
}

// The documents of `lists` with a label above 0 for the query of `list`, be it asked more than
// once.
std::vector<int64_t> relevant_documents(const TokenStore& store, std::span<const int64_t> lists,
                                        int64_t list) {
  std::vector<int64_t> relevant;
  for (const int64_t other : lists)
    if (store.same_query(list, other))
      std::ranges::copy_if(documents_of(store, other), std::back_inserter(relevant),
                           [&](int64_t document) { return store.labels()[document] > 0; });
  return relevant;
}

std::vector<int64_t> negatives_elsewhere(const TokenStore& store, std::span<const int64_t> lists,
                                         int64_t list) {
  const std::vector<int64_t> relevant = relevant_documents(store, lists, list);
  const auto is_negative = [&](int64_t document) {
    return std::ranges::none_of(
        relevant, [&](int64_t known) { return store.same_document(known, document); });
  };
  std::vector<int64_t> negatives;
  for (const int64_t other : lists)
    if (other != list)
      std::ranges::copy_if(documents_of(store, other), std::back_inserter(negatives), is_negative);
  return negatives;
}

// `count` of the values, all of them if there are no more; each set is as likely as another.
std::vector<int64_t> draw(std::vector<int64_t> values, int64_t count, Random& random) {
  if (count < 0 || count >= std::ssize(values)) return values;
  for (int64_t i = 0; i < count; ++i)
    std::swap(values[i], values[i + random.below(values.size() - i)]);
  values.resize(count);
  return values;
}

}  // namespace

InBatchNegatives::InBatchNegatives(const TokenStore& store, int64_t max_length,
                                   int64_t num_negatives, uint64_t seed)
    : store_(store), max_length_(max_length), num_negatives_(num_negatives), seed_(seed) {}

std::vector<std::vector<int64_t>> InBatchNegatives::choose(std::span<const int64_t> lists,
                                                           int64_t epoch,
                                                           int64_t micro_step) const {
  // Epochs below 2^32 have taken the small streams for their orders.
  Random random(seed_, (static_cast<uint64_t>(epoch + 1) << 32) + micro_step);
  std::vector<std::vector<int64_t>> chosen;
  for (const int64_t list : lists) {
    const std::vector<int64_t> own = documents_of(store_, list);
    const std::optional<int64_t> positive = find_positive(store_, own);
    chosen.emplace_back();
    if (!positive) continue;
    chosen.back() = draw(negatives_elsewhere(store_, lists, list), num_negatives_, random);
    chosen.back().insert(chosen.back().begin(), *positive);
    std::ranges::copy_if(own, std::back_inserter(chosen.back()),
                         [&](int64_t document) { return store_.labels()[document] <= 0; });
  }
  return chosen;
}

int64_t InBatchNegatives::tokens(int64_t list, std::span<const int64_t> documents) const {
  int64_t total = 0;
  for (const int64_t document : documents) total += store_.pair_tokens(list, document, max_length_);
  return total;
}

}  // namespace lambdaforge::trainer
