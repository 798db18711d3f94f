// A training set and an evaluation set that any machine can make: WordNet's usage examples look for
// the definition of the sense in which they use a word.
#pragma once

#include <filesystem>

#include "trainer/data/list_reader.h"

namespace lambdaforge::trainer {

// Reads WordNet 3.0's database (Debian: wordnet-base, /usr/share/wordnet) and writes into `output`:
//   train.jsonl  lists of 8 {"query", "docs", "labels"}: a usage example, and in shuffled order the
//                definition of its synset (label 1), the other senses of its word, and BM25
//                neighbours of the same part of speech (label 0)
//   nano/        sets noun, verb, adjective of 50 queries in the NanoBEIR layout: a corpus of at
//                least 3,000 definitions, one relevant each, BM25 lists of 100
//   LICENSE      WordNet's
// Split by synset: what is relevant in nano/ is relevant to no training query, and no query occurs
// in both. Every definition occurs once in a list and in a corpus, also when several synsets share
// it. The same database gives the same bytes. Returns the statistics of train.jsonl.
// Throws std::runtime_error when a file cannot be read or written, std::invalid_argument when the
// database is not WordNet's or too small.
ListStatistics prepare_wordnet(const std::filesystem::path& database,
                               const std::filesystem::path& output);

}  // namespace lambdaforge::trainer
