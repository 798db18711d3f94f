// What a model card tells of the data: columns, statistics, samples.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/report/card_facts.h"
#include "models/tokenizer/tokenizer.h"
#include "trainer/data/ranked_list.h"
#include "trainer/data/token_store.h"

namespace lambdaforge::trainer {

// The first `count` of `lists` in the order of their file, whole; those of them that are among its
// first 20,000 lists. `file` is the file of lists or the token store made of it (.h5); none when
// the file that a store was made of is gone or another.
std::vector<RankedList> first_lists(const std::filesystem::path& file, const TokenStore& store,
                                    const models::Tokenizer& tokenizer, std::vector<int64_t> lists,
                                    size_t count);

inline constexpr size_t kListsOfStatistics = 100;

// Columns with their statistics over `first`, and the first three of these lists. Lengths of
// queries are in tokens, special tokens included, cut to max_length.
experiments::CardDataset describe_dataset(const std::vector<RankedList>& first,
                                          const models::Tokenizer& tokenizer, int64_t max_length);

}  // namespace lambdaforge::trainer
