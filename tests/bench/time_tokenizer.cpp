// Times the tokenizer on one thread: time_tokenizer MODEL_DIRECTORY < texts.txt, a text a line.
// Prints {"tokens": N, "seconds": S}; reading is not timed.
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "models/tokenizer/tokenizer.h"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: time_tokenizer MODEL_DIRECTORY < texts.txt\n";
    return 2;
  }
  const auto tokenizer = lambdaforge::models::Tokenizer::load(argv[1]);
  std::vector<std::string> texts;
  for (std::string line; std::getline(std::cin, line);) texts.push_back(line);
  const auto start = std::chrono::steady_clock::now();
  size_t tokens = 0;
  for (const std::string& text : texts) tokens += tokenizer.encode(text).size();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{{\"tokens\": {}, \"seconds\": {}}}\n", tokens, seconds.count());
  return 0;
} catch (const std::exception& error) {
  std::cerr << "time_tokenizer: " << error.what() << '\n';
  return 1;
}
