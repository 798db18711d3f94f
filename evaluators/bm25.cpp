#include "evaluators/bm25.h"

#include <fmt/format.h>
#include <libstemmer.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <unordered_set>

namespace lambdaforge::evaluators {
namespace {

// The stop words of Lucene's EnglishAnalyzer.
const std::unordered_set<std::string_view> kStopWords = {
    "a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
    "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
    "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};

bool is_term_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Replaces `word` by its stem. A Snowball stemmer holds the word it works on, so each thread has
// its own.
void stem(std::string& word) {
  struct Delete {
    void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
  };
  thread_local const std::unique_ptr<sb_stemmer, Delete> stemmer(
      sb_stemmer_new("english", "UTF_8"));
  const sb_symbol* stemmed =
      stemmer ? sb_stemmer_stem(stemmer.get(), reinterpret_cast<const sb_symbol*>(word.data()),
                                static_cast<int>(word.size()))
              : nullptr;
  if (stemmed == nullptr) throw std::bad_alloc();
  word.assign(reinterpret_cast<const char*>(stemmed),
              static_cast<size_t>(sb_stemmer_length(stemmer.get())));
}

// The thread's accumulator, one score a document, 0 between searches: clearing what a search
// touched costs less than a fresh array of the corpus' size.
std::vector<double>& zeroed_scores(size_t num_documents) {
  thread_local std::vector<double> scores;
  if (scores.size() < num_documents) scores.resize(num_documents, 0.0);
  return scores;
}

}  // namespace

std::vector<std::string> bm25_terms(std::string_view text) {
  std::vector<std::string> terms;
  auto begin = std::ranges::find_if(text, is_term_byte);
  while (begin != text.end()) {
    const auto end = std::find_if_not(begin, text.end(), is_term_byte);
    std::string term(begin, end);
    std::ranges::transform(term, term.begin(), lower);
    if (!kStopWords.contains(term)) {
      stem(term);
      terms.push_back(std::move(term));
    }
    begin = std::find_if(end, text.end(), is_term_byte);
  }
  return terms;
}

Bm25Index::Bm25Index(const std::vector<std::string>& documents, Options options)
    : num_documents_(documents.size()) {
  if (!(options.k1 >= 0 && std::isfinite(options.k1)) || !(options.b >= 0 && options.b <= 1))
    throw std::invalid_argument(fmt::format(
        "BM25 needs k1 >= 0 and 0 <= b <= 1, got k1 = {} and b = {}", options.k1, options.b));
  // First the frequencies, in the weights' place.
  std::vector<double> lengths;
  lengths.reserve(documents.size());
  for (const std::string& document : documents) {
    const auto index = static_cast<int32_t>(lengths.size());
    std::vector<std::string> terms = bm25_terms(document);
    lengths.push_back(static_cast<double>(terms.size()));
    for (std::string& term : terms) {
      auto& postings = postings_[std::move(term)];
      if (postings.empty() || postings.back().document != index) postings.push_back({index, 0});
      postings.back().weight += 1;
    }
  }
  const double count = static_cast<double>(num_documents_);
  const double mean_length = std::accumulate(lengths.begin(), lengths.end(), 0.0) / count;
  for (auto& [term, postings] : postings_) {
    const auto df = static_cast<double>(postings.size());
    const double idf = std::log(1 + (count - df + 0.5) / (df + 0.5));
    for (auto& [document, weight] : postings) {
      const double length = lengths[static_cast<size_t>(document)] / mean_length;
      weight = static_cast<float>(idf * weight /
                                  (weight + options.k1 * (1 - options.b + options.b * length)));
    }
  }
}

std::vector<std::pair<int64_t, double>> Bm25Index::search(std::string_view query,
                                                          size_t depth) const {
  const std::vector<std::string> terms = bm25_terms(query);
  size_t num_postings = 0;
  for (const std::string& term : terms)
    if (const auto found = postings_.find(term); found != postings_.end())
      num_postings += found->second.size();
  // Reserved before the accumulator is touched: an exception must not leave it dirty.
  std::vector<std::pair<int64_t, double>> hits;
  hits.reserve(std::min(num_postings, num_documents_));
  std::vector<double>& scores = zeroed_scores(num_documents_);

  for (const std::string& term : terms) {
    const auto found = postings_.find(term);
    if (found == postings_.end()) continue;
    for (const auto& [document, weight] : found->second) {
      double& score = scores[static_cast<size_t>(document)];
      if (score == 0) hits.emplace_back(document, 0.0);
      score += weight;
    }
  }
  for (auto& [document, score] : hits)
    score = std::exchange(scores[static_cast<size_t>(document)], 0.0);

  const auto better = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const size_t kept = std::min(depth, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(),
                    better);
  hits.resize(kept);
  hits.shrink_to_fit();
  return hits;
}

}  // namespace lambdaforge::evaluators
