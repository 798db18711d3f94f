// Ranks with our BM25 what test_bm25.py and compare.py rank with bm25s. Reads
// {"documents": [text], "queries": [text], "depth": n} from standard input and prints
// {"seconds", "document_terms", "query_terms", "rankings": [[[document, score]]]}; the seconds are
// those from texts in memory to rankings.
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluators/bm25.h"

namespace lambdaforge {
namespace {

using Texts = std::vector<std::string>;

std::vector<Texts> terms_of(const Texts& texts) {
  std::vector<Texts> terms;
  for (const std::string& text : texts) terms.push_back(evaluators::bm25_terms(text));
  return terms;
}

void run() {
  const auto input = nlohmann::json::parse(std::cin);
  const auto documents = input.at("documents").get<Texts>();
  const auto queries = input.at("queries").get<Texts>();
  const auto depth = input.at("depth").get<size_t>();

  const auto start = std::chrono::steady_clock::now();
  const evaluators::Bm25Index index(documents);
  std::vector<std::vector<std::pair<int64_t, double>>> rankings;
  for (const std::string& query : queries) rankings.push_back(index.search(query, depth));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;

  const nlohmann::json output = {{"seconds", taken.count()},
                                 {"document_terms", terms_of(documents)},
                                 {"query_terms", terms_of(queries)},
                                 {"rankings", rankings}};
  std::cout << output << '\n';
}

}  // namespace
}  // namespace lambdaforge

int main() try {
  lambdaforge::run();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "rank_bm25: " << error.what() << '\n';
  return 1;
}
