// Pairs in, token ids out, for comparison with the `tokenizers` library:
//   tokenize_pairs MODEL_DIRECTORY < pairs.jsonl > ids.jsonl
// A line in: {"query": "...", "document": "...", "max_length": 512}; out: {"ids": [...],
// "type_ids": [...]}. With --save DIRECTORY it only writes the tokenizer there.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "models/tokenizer/tokenizer.h"

namespace {

using lambdaforge::models::TokenBatch;
using lambdaforge::models::Tokenizer;

std::string tokenize(const Tokenizer& tokenizer, const nlohmann::json& pair) {
  TokenBatch batch;
  tokenizer.append_pair(tokenizer.encode(pair.at("query").get_ref<const std::string&>()),
                        tokenizer.encode(pair.at("document").get_ref<const std::string&>()),
                        pair.at("max_length"), batch);
  return fmt::format("{{\"ids\":[{}],\"type_ids\":[{}]}}\n", fmt::join(batch.ids, ","),
                     fmt::join(batch.type_ids, ","));
}

}  // namespace

int main(int argc, char** argv) try {
  const bool save = argc == 4 && std::string_view(argv[2]) == "--save";
  if (argc != 2 && !save) {
    std::cerr << "usage: tokenize_pairs MODEL_DIRECTORY [--save DIRECTORY]\n";
    return 2;
  }
  const Tokenizer tokenizer = Tokenizer::load(argv[1]);
  if (save) {
    tokenizer.save(argv[3]);
    return 0;
  }
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);)
    std::cout << tokenize(tokenizer, nlohmann::json::parse(line));
  return 0;
} catch (const std::exception& error) {
  std::cerr << "tokenize_pairs: " << error.what() << '\n';
  return 1;
}
