// Evaluates a model that test_nano_beir.py can rebuild in Python: the score of a pair is a checksum
// of its texts. Prints {"primary_metric", "metrics", "left_out"} as JSON and writes the CSV files.
//
//   evaluate_scores NANO_FOLDER CSV_FOLDER MODULUS ALWAYS_RERANK_POSITIVES [NAME...]
#include <zlib.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "evaluators/nano_beir.h"
#include "trainer/data/nano_beir_reader.h"

namespace lambdaforge {
namespace {

// crc32(query, newline, document) % modulus / modulus in float: a small modulus makes ties, 2^24
// none but those of equal texts.
evaluators::Scorer checksum_scorer(unsigned long modulus) {
  return [modulus](const std::vector<evaluators::TextPair>& pairs) {
    std::vector<float> scores;
    scores.reserve(pairs.size());
    for (const auto& [query, document] : pairs) {
      const std::string text = query + "\n" + document;
      const unsigned long checksum =
          crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
      scores.push_back(static_cast<float>(checksum % modulus) / static_cast<float>(modulus));
    }
    return scores;
  };
}

nlohmann::ordered_json report(const evaluators::NanoBeirEvaluator& evaluator,
                              const evaluators::Evaluation& evaluation) {
  nlohmann::ordered_json json = {{"primary_metric", evaluation.primary_metric},
                                 {"metrics", nlohmann::ordered_json::object()},
                                 {"left_out", nlohmann::ordered_json::object()}};
  for (const auto& [name, value] : evaluation.metrics) json["metrics"][name] = value;
  for (const auto& one : evaluator.evaluators())
    json["left_out"][one.name()] = one.left_out_queries();
  return json;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4)
    throw std::invalid_argument(
        "usage: evaluate_scores NANO_FOLDER CSV_FOLDER MODULUS ALWAYS_RERANK_POSITIVES [NAME...]");
  const evaluators::NanoBeirEvaluator evaluator(
      trainer::load_nano_beir(arguments[0], {arguments.begin() + 4, arguments.end()}),
      {.always_rerank_positives = arguments[3] == "1"});
  const auto evaluation = evaluator.evaluate(checksum_scorer(std::stoul(arguments[2])));
  evaluator.write_csv(evaluation, {.epoch = 0.5, .step = 500}, arguments[1]);
  evaluator.write_csv(evaluation, {}, arguments[1]);
  std::cout << report(evaluator, evaluation).dump(2) << '\n';
  return 0;
}

}  // namespace
}  // namespace lambdaforge

int main(int argc, char** argv) try {
  return lambdaforge::run({argv + 1, argv + argc});
} catch (const std::exception& error) {
  std::cerr << "evaluate_scores: " << error.what() << '\n';
  return 1;
}
