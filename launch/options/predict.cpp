#include <algorithm>

#include "base/suggestion.h"
#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

void define(CLI::App& app, PredictOptions& options) {
  app.add_option("MODEL", options.model, "The model's folder")->required()->type_name("");
  auto* pairs =
      app.add_option("--pairs", options.pairs,
                     "Pairs, one a line: {\"query\": ..., \"document\": ...} or query, tab, "
                     "document; - is standard input")
          ->type_name("FILE")
          ->capture_default_str();
  auto* query = app.add_option("--query", options.query, "Rank documents for this query instead")
                    ->type_name("TEXT")
                    ->excludes(pairs);
  auto* documents = app.add_option("--documents", options.documents,
                                   "The documents to rank, one a line; - is standard input")
                        ->type_name("FILE")
                        ->needs(query);
  query->needs(documents);
  app.add_option("--top-k", options.top_k, "Print the best N documents only [all]")
      ->type_name("N")
      ->check(at_least_one())
      ->needs(query);
  app.add_flag("--return-documents", options.return_documents, "Print the documents' texts too")
      ->needs(query);
  add_length_and_batch(app, options.max_length, options.batch_tokens);
  app.add_option("--activation", options.activation,
                 "What is applied to the scores: sigmoid or identity [the model's own]")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        const std::vector<std::string> known = {"sigmoid", "identity"};
        const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
        return is_known ? std::string() : unknown_name_message("activation", name, known);
      });
  app.add_flag("--json", options.json, "Print JSON lines instead of plain numbers");
  app.footer(R"(
Prints one score a line, in the order of the pairs; with a query the ranking, best first, by the
document's line, from 0. Files and standard input may be gzipped; blank lines are no pairs.

Examples:
  printf 'what is a dog\ta domestic animal\n' | lambdaforge predict my-model
  lambdaforge predict my-model --query "what is a dog" --documents passages.txt --top-k 3)");
}

}  // namespace

PredictOptions parse_predict(const Arguments& arguments) {
  CLI::App app(kPredictSummary, "lambdaforge predict");
  PredictOptions options;
  define(app, options);
  parse(app, arguments);
  return options;
}

}  // namespace lambdaforge::launch
