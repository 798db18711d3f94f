// Which columns of a file make up a training list, and the checks every list passes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/ranked_list.h"

namespace lambdaforge::trainer {

struct ListColumns {
  std::string query;
  std::string documents;
  std::string labels;
  bool ms_marco = false;  // the raw layout of microsoft/ms_marco v1.1
};

// Picks `query`, `docs` or `documents`, and the first of `label`, `labels`, `score`, `scores`; or
// MS MARCO's `passages.passage_text` and `passages.is_selected`.
// Throws std::invalid_argument that lists `found` when a column is missing.
ListColumns find_list_columns(std::span<const std::string> found);

// MS MARCO: selected passages first, else in their order; nullopt when none is selected.
// Throws std::invalid_argument on an empty list, counts that differ, a label that is not finite as
// a float, or invalid UTF-8.
std::optional<RankedList> make_ranked_list(const ListColumns& columns, std::string query,
                                           std::vector<std::string> documents,
                                           const std::vector<double>& labels);

}  // namespace lambdaforge::trainer
