#include "evaluators/bm25.h"

#include <fmt/format.h>
#include <libstemmer.h>

#include <algorithm>
#include <array>
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

// Each byte as it stands in a term, 0 where it separates terms.
constexpr std::array<char, 256> make_term_bytes() {
  std::array<char, 256> bytes{};
  for (int c = 0x80; c < 256; ++c) bytes[c] = static_cast<char>(c);
  for (char c = '0'; c <= '9'; ++c) bytes[c] = c;
  for (char c = 'a'; c <= 'z'; ++c) bytes[c] = bytes[c - 'a' + 'A'] = c;
  return bytes;
}
constexpr std::array<char, 256> kTermBytes = make_term_bytes();

// Calls visit(word) for each lower-cased run of letters and digits, stop words too.
template <class Visit>
void for_each_word(std::string_view text, const Visit& visit) {
  std::string word;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? kTermBytes[static_cast<unsigned char>(text[i])] : 0;
    if (c != 0) {
      word.push_back(c);
    } else if (!word.empty()) {
      visit(word);
      word.clear();
    }
  }
}

// A Snowball stemmer holds the word it works on, so each thread has its own.
std::string stem(const std::string& word) {
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
  return {reinterpret_cast<const char*>(stemmed),
          static_cast<size_t>(sb_stemmer_length(stemmer.get()))};
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
  for_each_word(text, [&](const std::string& word) {
    if (!kStopWords.contains(word)) terms.push_back(stem(word));
  });
  return terms;
}

Bm25Index::Bm25Index(const std::vector<std::string>& documents, Options options)
    : num_documents_(documents.size()) {
  if (!(options.k1 >= 0 && std::isfinite(options.k1)) || !(options.b >= 0 && options.b <= 1))
    throw std::invalid_argument(fmt::format(
        "BM25 needs k1 >= 0 and 0 <= b <= 1, got k1 = {} and b = {}", options.k1, options.b));
  weigh(count_terms(documents), options);
}

std::vector<int32_t> Bm25Index::count_terms(const std::vector<std::string>& documents) {
  // Stemming costs more than all else, and a corpus repeats its words: each is stemmed once.
  std::unordered_map<std::string, std::vector<Posting>*> postings_of_word;  // nullptr: stop word
  std::vector<int32_t> lengths(documents.size(), 0);
  for (int32_t document = 0; document < std::ssize(documents); ++document)
    for_each_word(documents[document], [&](const std::string& word) {
      const auto [known, is_new] = postings_of_word.try_emplace(word, nullptr);
      if (is_new && !kStopWords.contains(word)) known->second = &postings_[stem(word)];
      if (known->second == nullptr) return;
      std::vector<Posting>& postings = *known->second;
      if (postings.empty() || postings.back().document != document)
        postings.push_back({document, 0});
      postings.back().weight += 1;
      ++lengths[document];
    });
  return lengths;
}

void Bm25Index::weigh(const std::vector<int32_t>& lengths, const Options& options) {
  const auto count = static_cast<double>(num_documents_);
  const double mean_length = std::accumulate(lengths.begin(), lengths.end(), 0.0) / count;
  for (auto& [term, postings] : postings_) {
    const auto df = static_cast<double>(postings.size());
    const double idf = std::log(1 + (count - df + 0.5) / (df + 0.5));
    for (auto& [document, weight] : postings) {
      const double length = lengths[document] / mean_length;
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
