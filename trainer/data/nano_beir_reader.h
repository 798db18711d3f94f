// The layout of the hub's NanoBEIR data sets: folders corpus, queries, qrels and bm25 of Parquet
// files "<set>-*.parquet". sentence-transformers and datasets load such a folder as `dataset_id`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluators/ranking_set.h"

namespace lambdaforge::trainer {

// The sets of `folder` that evaluators::resolve_dataset_names picks out of those that
// find_nano_beir_files finds, in either layout. Columns: corpus and queries `_id`, `text`; qrels
// `query-id`, `corpus-id` (a text or a list of texts; every row is a positive); bm25 `query-id`,
// `corpus-ids` (best first).
// Throws std::invalid_argument when a folder, a set, one of a set's files or a column is missing or
// a file is damaged: a mean over fewer sets than the folder was meant to have would look like
// another.
std::vector<evaluators::RankingSet> load_nano_beir(const std::filesystem::path& folder,
                                                   const std::vector<std::string>& dataset_names);

// Writes the same layout and a README.md whose front matter declares it, with `description` below.
// Set names may hold letters, digits, '_' and '.', as the splits of datasets do.
// Throws std::invalid_argument on another name, std::runtime_error when a file cannot be written.
void write_nano_beir(const std::filesystem::path& folder,
                     const std::vector<evaluators::RankingSet>& sets,
                     const std::string& description);

}  // namespace lambdaforge::trainer
