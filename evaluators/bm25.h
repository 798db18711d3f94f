// BM25 in Lucene's variant: first-stage candidates and the base line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lambdaforge::evaluators {

// Lower-cased runs of letters and digits (ASCII; other bytes count as letters), English stop words
// dropped, the rest stemmed (Snowball English): "The cats sat" -> "cat", "sat". Thread-safe.
std::vector<std::string> bm25_terms(std::string_view text);

// score(q, d) = sum over terms t of q: idf(t) * tf / (tf + k1 * (1 - b + b * |d| / mean |d|)),
// idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5)). Robertson & Zaragoza 2009; Lucene's BM25Similarity.
class Bm25Index {
 public:
  struct Options {
    double k1 = 0.9;
    double b = 0.4;
  };
  // Throws std::invalid_argument on k1 < 0 and on b outside [0, 1].
  Bm25Index(const std::vector<std::string>& documents, Options options);
  explicit Bm25Index(const std::vector<std::string>& documents) : Bm25Index(documents, Options{}) {}

  // The `depth` best documents with a score above 0 as (document index, score), best first; equal
  // scores by index. Thread-safe.
  std::vector<std::pair<int64_t, double>> search(std::string_view query, size_t depth) const;

 private:
  struct Posting {
    int32_t document;
    float weight;  // the term's whole contribution to this document's score
  };
  // Fills the postings with frequencies, in the weights' place; the documents' lengths in terms.
  std::vector<int32_t> count_terms(const std::vector<std::string>& documents);
  void weigh(const std::vector<int32_t>& lengths, const Options& options);

  std::unordered_map<std::string, std::vector<Posting>> postings_;
  size_t num_documents_ = 0;
};

}  // namespace lambdaforge::evaluators
