// Negatives for free: what the other queries of a batch are asked about. A query is trained against
// its positive, documents drawn from the batch's other lists, and its own negatives.
//
// What is known to be relevant is not drawn: documents with the text of one that has a label above
// 0 for the same query anywhere in the batch. sentence-transformers draws them, unless its
// batch_sampler is "no_duplicates", which keeps such lists apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/token_store.h"

namespace lambdaforge::trainer {

class InBatchNegatives {
 public:
  // num_negatives: how many documents are drawn for a query, -1 for all. `store` must outlive it.
  InBatchNegatives(const TokenStore& store, int64_t max_length, int64_t num_negatives,
                   uint64_t seed);

  // For each of `lists`, which share a batch (over all ranks, in one order on all of them): the
  // document of its highest label, the drawn ones, and its own of label 0 or less, as places among
  // the store's pairs. Nothing for a list without a label above 0; its documents can be drawn all
  // the same. A pure function of its arguments and the seed, so that no rank has to be told what
  // another one drew.
  std::vector<std::vector<int64_t>> choose(std::span<const int64_t> lists, int64_t epoch,
                                           int64_t micro_step) const;

  // Tokens of the list's query with each of the documents.
  int64_t tokens(int64_t list, std::span<const int64_t> documents) const;

 private:
  const TokenStore& store_;
  int64_t max_length_;
  int64_t num_negatives_;
  uint64_t seed_;
};

}  // namespace lambdaforge::trainer
