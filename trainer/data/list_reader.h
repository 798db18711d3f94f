// Training lists out of the files that people have: JSON lines, gzipped or not, and Parquet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <span>

#include "trainer/data/ranked_list.h"

namespace lambdaforge::trainer {

// Calls `yield` for every list of `path` (.jsonl, .jsonl.gz, .parquet) in file order, with about
// one list in memory. A row is a list in one of these layouts (the names that find_list_columns
// takes are in trainer/data/list_columns.h):
//   - query, docs [texts], labels [numbers, one a document]
//   - query, positive, negative, ...: a text or a list of texts each; labels may be missing, or the
//     margins of the negatives
//   - query, document, label: a list of one document
//   - query, passages {is_selected, passage_text}: microsoft/ms_marco v1.1, selected ones first;
//     queries without one are dropped
//
// Throws std::runtime_error when the file cannot be opened, and std::invalid_argument that names
// the file, the line (from 1) or row (from 0), and what to do: an unknown kind of file, a missing
// column, an empty list, counts that differ, a label that is not finite, invalid UTF-8 or JSON, a
// damaged gzip stream or Parquet file. A std::invalid_argument out of `yield` gains the same place.
void read_lists(const std::filesystem::path& path, const std::function<void(RankedList&&)>& yield);

// What a user should know about the lists before training on them.
struct ListStatistics {
  int64_t lists = 0;
  int64_t documents = 0;
  int64_t min_documents = std::numeric_limits<int64_t>::max();  // of one list
  int64_t max_documents = 0;
  int64_t single_document_lists = 0;   // a list-wise loss learns nothing from them
  int64_t lists_without_positive = 0;  // no label above 0

  double mean_documents() const {
    return lists == 0 ? 0 : static_cast<double>(documents) / static_cast<double>(lists);
  }
  void add(std::span<const float> labels);  // of one list
  bool operator==(const ListStatistics&) const = default;
};

}  // namespace lambdaforge::trainer
