#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

CLI::App* define_wordnet(CLI::App& app, PrepareWordnetOptions& options) {
  CLI::App* wordnet = app.add_subcommand(
      "wordnet", "Build training lists and evaluation sets from the WordNet dictionary");
  wordnet->add_option("--database", options.database, "Folder of WordNet's data.* files")
      ->type_name("FOLDER")
      ->capture_default_str();
  wordnet->add_option("--output", options.output, "Folder to write")
      ->type_name("FOLDER")
      ->required();
  wordnet->footer(R"(
Needs the Debian package wordnet-base, or WordNet 3.0's database from elsewhere.

Example:
  lambdaforge prepare wordnet --output data/wordnet)");
  return wordnet;
}

void define_lists(CLI::App& app, PrepareListsOptions& options) {
  CLI::App* lists =
      app.add_subcommand("lists", "Tokenise a file of lists once, so that training starts at once");
  lists->add_option("FILE", options.lists, "Lists: .jsonl, .jsonl.gz or .parquet")
      ->required()
      ->type_name("");
  lists->add_option("--model", options.model, "Folder of the model whose tokenizer is used")
      ->required()
      ->type_name("FOLDER");
  lists->add_option("--output", options.output, "Token store to write (.h5)")
      ->required()
      ->type_name("FILE");
  lists->footer(R"(
Example:
  lambdaforge prepare lists lists.jsonl --model my-base-model --output lists.h5)");
}

}  // namespace

PrepareOptions parse_prepare(const Arguments& arguments) {
  CLI::App app(kPrepareSummary, "lambdaforge prepare");
  app.require_subcommand(1);
  PrepareWordnetOptions wordnet;
  PrepareListsOptions lists;
  const CLI::App* chose_wordnet = define_wordnet(app, wordnet);
  define_lists(app, lists);
  parse(app, arguments);
  return chose_wordnet->parsed() ? PrepareOptions(wordnet) : PrepareOptions(lists);
}

}  // namespace lambdaforge::launch
