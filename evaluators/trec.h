// TREC's two text files: judgements (qrels) and runs. Columns are parted by blanks or tabs; a line
// may end in CRLF; blank lines are passed over, as trec_eval does.
#pragma once

#include <filesystem>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/ranking.h"

namespace lambdaforge::evaluators {

using Judgements = std::map<std::string, int>;    // document id -> grade
using Qrels = std::map<std::string, Judgements>;  // query id -> its judgements

struct ScoredDocument {
  std::string document;  // id
  double score = 0;

  bool operator==(const ScoredDocument&) const = default;
};
using Run = std::map<std::string, std::vector<ScoredDocument>>;  // query id -> documents, any order

// Lines "query 0 document grade", of which the second column is not read. `origin` stands for the
// file in messages. Throws std::invalid_argument that names origin and line: another number of
// columns, a grade that is no integer, a document that is judged twice for a query.
// Throws std::runtime_error when the stream breaks off.
Qrels read_qrels(std::istream& input, std::string_view origin);

// Lines "query Q0 document rank score tag", of which query, document and score are read: the order
// of a run is that of its scores. Documents stay in the order of the lines. Throws as read_qrels;
// also on a score that is no number or NaN.
Run read_run(std::istream& input, std::string_view origin);

// Write the same files atomically; ids, grades and scores read back equal. A run's documents stand
// best first, ranked from 1. Throw std::invalid_argument on an id or tag that is empty or has white
// space (it would read back as other columns) and on a score that is NaN, std::runtime_error when
// the file cannot be written.
void write_qrels(const std::filesystem::path& path, const Qrels& qrels);
void write_run(const std::filesystem::path& path, const Run& run,
               std::string_view tag = "lambdaforge");

// One query's documents, each given once, as trec_eval ranks them: by score, highest first, and
// equal scores by document id, last first, so there are no ties. trec_eval keeps scores as float,
// so scores that differ by less than a float can tell are equal here too; a reranker's scores are
// floats, and lose nothing. Throws std::invalid_argument on a score that is NaN.
std::vector<const ScoredDocument*> best_first(const std::vector<ScoredDocument>& documents);

// The grades of this ranking. Throws as best_first.
Ranking rank_run(const std::vector<ScoredDocument>& documents, const Judgements& judgements);

}  // namespace lambdaforge::evaluators
