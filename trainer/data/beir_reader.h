// Data sets in BEIR's layout, and the first-stage files that go with them. Every file may be
// gzipped, with .gz behind its name.
//
//     corpus.jsonl         {"_id": "d1", "title": "...", "text": "..."}, the title may be missing
//     queries.jsonl        {"_id": "q1", "text": "..."}
//     qrels/<split>.tsv    query-id, corpus-id, score, tabs between, under that header
#pragma once

#include <filesystem>
#include <string>

#include "evaluators/retrieval.h"
#include "evaluators/trec.h"

namespace lambdaforge::trainer {

// The folder's whole corpus and the queries that `split` judges, in file order. A document's text
// is its title, a blank and its text, as in BEIR. TREC's qrels (query, 0, document, grade; no
// header) are read too. A judged document may be missing from the corpus (published sets have such
// judgements): it counts as relevant and cannot be found.
// Throws std::runtime_error when a file cannot be opened and std::invalid_argument that names the
// file and line: a missing file or split (with those that are there), a line that is something
// else, an id that comes twice, a judged query without a text, no judged document in the corpus.
evaluators::RetrievalSet load_beir(const std::filesystem::path& folder, const std::string& split);

// A qrels file in either form. Throws as evaluators::read_qrels, and std::invalid_argument when it
// has no judgements.
evaluators::Qrels read_judgements(const std::filesystem::path& path);

// A TREC run, or lists: query id, tab, document ids best first with blanks between; their scores
// count down to 1. Throws as evaluators::read_run.
evaluators::Run read_first_stage(const std::filesystem::path& path);

}  // namespace lambdaforge::trainer
