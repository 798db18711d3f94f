// One training example as a reader yields it: a query, its documents and one label a document.
#pragma once

#include <string>
#include <vector>

namespace lambdaforge::trainer {

struct RankedList {
  std::string query;
  std::vector<std::string> documents;
  std::vector<float> labels;  // [documents]
};

}  // namespace lambdaforge::trainer
