// Which Parquet files of a folder belong to which NanoBEIR data set: the hub has had two layouts.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lambdaforge::trainer {

struct NanoBeirFiles {
  std::vector<std::filesystem::path> corpus, queries;  // columns _id, text
  std::vector<std::filesystem::path> qrels, candidates;
  std::string positive_column, candidates_column;  // beside query-id
  std::vector<std::string> missing;  // folders without a file of the set, though others have some
};

// Set -> its files. One folder for all sets (sentence-transformers 5.2 and later):
//   corpus/NanoNQ-*.parquet  queries/  qrels/ (corpus-id)  bm25/ (corpus-ids)
// or a folder a set (before), alone or several in one:
//   NanoNQ-bm25/corpus/*.parquet  queries/  relevance/ (positive-corpus-ids, bm25-ranked-ids)
// A set that has some of its files but not all, as after a download that broke off, says so in
// `missing`. A folder with corpus/, queries/ and qrels/ of a single set is one without candidates
// and left out. Throws std::invalid_argument when the folder has neither layout.
std::map<std::string, NanoBeirFiles> find_nano_beir_files(const std::filesystem::path& folder);

}  // namespace lambdaforge::trainer
