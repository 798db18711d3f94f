// lambdaforge predict: scores of pairs, or a ranking of documents, as CrossEncoder.predict and
// .rank give them.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "launch/memory.h"
#include "launch/program.h"
#include "launch/report.h"
#include "models/pair_scorer.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::launch {
namespace {

using nlohmann::json;

struct Pair {
  std::string query, document;
};

trainer::TextLines open_lines(const std::string& path) {
  if (path == "-") return {STDIN_FILENO, "standard input"};
  return trainer::TextLines(path);
}

// A blank line is a document, too: the place in the ranking is the line's in the file.
std::vector<Pair> pair_with_documents(const std::string& query, const std::string& path) {
  std::vector<Pair> pairs;
  trainer::TextLines lines = open_lines(path);
  for (std::string document; lines.next(document);) pairs.push_back({query, document});
  return pairs;
}

Pair parse_json_pair(const std::string& line) {
  try {
    const json parsed = json::parse(line);
    return {parsed.at("query").get<std::string>(), parsed.at("document").get<std::string>()};
  } catch (const json::exception& error) {
    throw std::invalid_argument(
        fmt::format("expected {{\"query\": ..., \"document\": ...}}, got: {}", error.what()));
  }
}

Pair parse_pair(const std::string& line) {
  if (line.starts_with('{')) return parse_json_pair(line);
  const size_t tab = line.find('\t');
  if (tab == std::string::npos)
    throw std::invalid_argument(
        "expected {\"query\": ..., \"document\": ...} or query, tab, document");
  return {line.substr(0, tab), line.substr(tab + 1)};
}

std::vector<Pair> read_pairs(const std::string& path) {
  std::vector<Pair> pairs;
  trainer::TextLines lines = open_lines(path);
  for_each_line(lines, [&](const std::string& line) { pairs.push_back(parse_pair(line)); });
  return pairs;
}

// [pairs, num_labels], activated as asked or as the model does.
at::Tensor score(const PredictOptions& options, const std::vector<Pair>& pairs) {
  const models::Pretrained pretrained =
      models::load_pretrained(options.model, {.max_length = options.max_length.value_or(0)});
  warn_if_unfinished(options.model, pretrained.missing);
  std::vector<models::PairView> views;
  for (const Pair& pair : pairs) views.push_back({pair.query, pair.document});
  const at::Tensor logits = models::score_pairs(pretrained, views, options.batch_tokens);
  const bool sigmoid = options.activation ? *options.activation == "sigmoid"
                                          : pretrained.activation == models::Activation::kSigmoid;
  return sigmoid ? at::sigmoid(logits) : logits;
}

// One row a pair: its score, or its scores where the model has several labels.
void print_scores(const PredictOptions& options, const at::Tensor& scores) {
  for (int64_t row = 0; row < scores.size(0); ++row) {
    const std::span values(scores.const_data_ptr<float>() + row * scores.size(1),
                           static_cast<size_t>(scores.size(1)));
    if (!options.json)
      print(fmt::format("{}\n", fmt::join(values, "\t")));
    else if (values.size() == 1)
      print(json{{"score", values[0]}}.dump() + "\n");
    else
      print(json{{"scores", std::vector<float>(values.begin(), values.end())}}.dump() + "\n");
  }
}

void print_ranking(const PredictOptions& options, const std::vector<Pair>& pairs,
                   const at::Tensor& scores) {
  if (scores.size(1) != 1)
    throw std::invalid_argument(
        fmt::format("the model has {} labels; a ranking needs a model with one", scores.size(1)));
  const float* values = scores.const_data_ptr<float>();
  std::vector<size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  if (options.top_k) order.resize(std::min(order.size(), static_cast<size_t>(*options.top_k)));
  for (const size_t place : order) {
    const std::string& text = pairs[place].document;
    nlohmann::ordered_json row = {{"corpus_id", place}, {"score", values[place]}};
    if (options.return_documents) row["text"] = text;
    if (options.json)
      print(row.dump() + "\n");
    else
      print(fmt::format("{}\t{}{}\n", place, values[place],
                        options.return_documents ? "\t" + text : ""));
  }
}

int predict(const Arguments& arguments) {
  const PredictOptions options = parse_predict(arguments);
  const std::vector<Pair> pairs = options.query
                                      ? pair_with_documents(*options.query, options.documents)
                                      : read_pairs(options.pairs);
  const at::Tensor scores = score(options, pairs);
  options.query ? print_ranking(options, pairs, scores) : print_scores(options, scores);
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  using namespace lambdaforge::launch;
  keep_freed_memory();
  return run_program(argc, argv, predict);
}
