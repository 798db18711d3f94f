// One data set to rerank: queries, a corpus, who is relevant, and a first-stage ranking of
// candidates.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lambdaforge::evaluators {

struct RankingSet {
  std::string name;                                          // "NanoNQ"
  std::vector<std::pair<std::string, std::string>> queries;  // (id, text), in file order
  std::vector<std::pair<std::string, std::string>> corpus;   // (id, text), in file order
  std::unordered_map<std::string, std::vector<std::string>>
      qrels;  // query id -> relevant corpus ids
  std::unordered_map<std::string, std::vector<std::string>>
      candidates;  // query id -> corpus ids, best first
};

}  // namespace lambdaforge::evaluators
