// Which columns of a file make up a training list, and the checks every list passes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/ranked_list.h"

namespace lambdaforge::trainer {

// How a row holds its documents and labels.
enum class ListLayout {
  kList,     // one column of texts, one of numbers
  kMsMarco,  // the raw layout of microsoft/ms_marco v1.1
  kTuple,    // a column for the positives and one for each negative or all; labels may be missing
  kPair,     // one document and its label
};

struct ListColumns {
  ListLayout layout = ListLayout::kList;
  std::string query;
  std::vector<std::string> documents;
  std::string labels;  // empty: none
};

// Picks, of what `found` holds, the first of:
//   query, docs or documents, and the labels
//   query, passages.passage_text, passages.is_selected
//   query, anchor or question; positive; negative, negative_1, negative_2, ...; labels if there are
//   query, anchor, sentence1 or premise; document, passage, answer, sentence2 or hypothesis; label
// where labels are the first of `label`, `labels`, `score`, `scores`.
// Throws std::invalid_argument that lists `found` when a column is missing.
ListColumns find_list_columns(std::span<const std::string> found);

// `texts` are those of each of columns.documents.
// MS MARCO: selected passages first, else in their order; nullopt when none is selected. Tuples: no
// labels make the positives 1 and the negatives 0; one label less than documents says by how much
// the one positive's score lies above each negative's, and becomes scores with these margins.
// Throws std::invalid_argument on an empty list, counts that differ, a label that is not finite as
// a float, or invalid UTF-8.
std::optional<RankedList> make_ranked_list(const ListColumns& columns, std::string query,
                                           std::vector<std::vector<std::string>> texts,
                                           std::vector<double> labels);

}  // namespace lambdaforge::trainer
