#include "trainer/data/in_batch_negatives.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

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

// The documents of a micro-step's lists, and what is known of them.
class Candidates {
 public:
  Candidates(const TokenStore& store, std::span<const int64_t> lists) {
    std::unordered_map<std::string_view, int64_t> numbers;
    for (const int64_t list : lists) {
      std::vector<int64_t>& relevant = relevant_[store.query_bytes(list)];
      for (const int64_t place : documents_of(store, list)) {
        const int64_t next = std::ssize(numbers);
        const int64_t text = numbers.try_emplace(store.document_bytes(place), next).first->second;
        documents_.push_back({list, place, text});
        if (store.labels()[place] > 0) relevant.push_back(text);
      }
    }
  }

  // What the other lists have and no list of the same query holds to be relevant.
  std::vector<int64_t> negatives_of(int64_t list, std::string_view query) const {
    const std::vector<int64_t>& relevant = relevant_.at(query);
    std::vector<int64_t> negatives;
    for (const Document& document : documents_)
      if (document.list != list && std::ranges::find(relevant, document.text) == relevant.end())
        negatives.push_back(document.place);
    return negatives;
  }

 private:
  struct Document {
    int64_t list, place;
    int64_t text;  // the same number for the same tokens
  };
  std::vector<Document> documents_;
  std::unordered_map<std::string_view, std::vector<int64_t>> relevant_;  // texts, by query
};

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
  const Candidates candidates(store_, lists);
  std::vector<std::vector<int64_t>> chosen;
  for (const int64_t list : lists) {
    const std::vector<int64_t> own = documents_of(store_, list);
    const std::optional<int64_t> positive = find_positive(store_, own);
    chosen.emplace_back();
    if (!positive) continue;
    chosen.back() =
        draw(candidates.negatives_of(list, store_.query_bytes(list)), num_negatives_, random);
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
