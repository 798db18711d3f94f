// Labelled pairs of texts out of the files that people have.
#pragma once

#include <filesystem>

#include "evaluators/labelled_pairs.h"

namespace lambdaforge::trainer {

// Reads the pairs of `path` in file order: JSON lines (.jsonl), Parquet (.parquet), or lines of
// fields between tabs below a line of column names, nothing quoted (.tsv); .jsonl and .tsv also as
// .gz. Columns, of each the first that is there:
//     first text    sentence1, query, anchor, premise
//     second text   sentence2, document, passage, docs, doc, hypothesis
//     label         label, labels, score, scores (one number)
// The set is named after the file: "data/sts-dev.jsonl.gz" -> "sts-dev".
//
// Throws std::runtime_error when the file cannot be opened, and std::invalid_argument that names
// the file, the line (from 1) or row (from 0), and what to do: an unknown kind of file, a missing
// column, no pairs, a cell of another type, another number of fields, a label that is not finite,
// invalid UTF-8 or JSON, a damaged gzip stream or Parquet file.
evaluators::LabelledPairs read_labelled_pairs(const std::filesystem::path& path);

}  // namespace lambdaforge::trainer
