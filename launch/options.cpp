#include "launch/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <stdexcept>
#include <string_view>

#include "base/suggestion.h"
#include "evaluators/named_metrics.h"
#include "trainer/config.h"

namespace lambdaforge::launch {
namespace {

constexpr int kUsageError = 2;

const char* const kTrainSummary = "Train a reranker as a recipe says";
const char* const kEvaluateSummary = "Measure a model on data sets or labelled pairs";
const char* const kCompareSummary = "Test whether two evaluations really differ";
const char* const kPredictSummary = "Score pairs of texts, or rank documents for a query";
const char* const kPrepareSummary = "Turn data into what training reads";

CLI::Validator at_least(int64_t minimum) {
  return {[minimum](std::string& text) {
            try {
              if (std::stoll(text) >= minimum) return std::string();
            } catch (const std::exception&) {
              // No number at all: the same complaint.
            }
            return fmt::format("expected an integer >= {}, got '{}'", minimum, text);
          },
          ""};
}

CLI::Validator at_least_one() {
  return at_least(1);
}

CLI::Validator between_zero_and_one() {
  return {[](std::string& text) {
            double value = 0;
            const char* end = text.data() + text.size();
            const bool is_number = std::from_chars(text.data(), end, value).ptr == end;
            if (is_number && value > 0 && value < 1) return std::string();
            return fmt::format("expected a number between 0 and 1, got '{}'", text);
          },
          ""};
}

CLI::Validator metric_name() {
  return {[](std::string& name) {
            try {
              evaluators::parse_metric(name);
            } catch (const std::invalid_argument& error) {
              return std::string(error.what());
            }
            return std::string();
          },
          ""};
}

void add_length_and_batch(CLI::App& app, std::optional<int64_t>& max_length,
                          int64_t& batch_tokens) {
  app.add_option("--max-length", max_length,
                 "Cut pairs to N tokens [the most that the model allows]")
      ->type_name("N")
      ->check(at_least_one());
  app.add_option("--batch-tokens", batch_tokens,
                 "Tokens scored at once, in as many pairs as fit; changes speed, not scores")
      ->type_name("N")
      ->check(at_least_one())
      ->capture_default_str();
}

void define(CLI::App& app, TrainOptions& options) {
  app.add_option("RECIPE", options.recipe, "The recipe, a TOML file; see launch/recipes/")
      ->required()
      ->type_name("");
  app.add_option("--set", options.overrides,
                 "Override one key of the recipe; may be given several times")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option_function<std::string>(
         "--resume",
         [&options](const std::string& checkpoint) {
           options.overrides.push_back("training.resume_from_checkpoint=" + checkpoint);
         },
         "Go on from a checkpoint's folder, or from the 'latest' of the run that run.name names")
      ->type_name("CHECKPOINT");
  app.footer(R"(
Examples:
  lambdaforge train launch/recipes/wordnet.toml
  mpirun -n 2 lambdaforge train recipe.toml --set training.learning_rate=2e-5 --set run.name=warm

Every key, with its default, stands in the recipe.toml that a run writes into its folder.)");
}

void define_nano(CLI::App& app, EvaluateOptions& options) {
  auto* nano =
      app.add_option("--nano", options.nano, "Folder in the NanoBEIR layout")->type_name("FOLDER");
  app.add_option("--dataset-names", options.dataset_names,
                 "Its data sets to use, such as msmarco nfcorpus nq [every one of the folder]")
      ->type_name("NAME")
      ->needs(nano);
  app.add_option("--at-k", options.at_k, "Cut-off of NDCG and MRR with --nano")
      ->type_name("N")
      ->check(at_least_one())
      ->capture_default_str()
      ->needs(nano);
  app.add_flag_callback(
         "--no-always-rerank-positives", [&options] { options.always_rerank_positives = false; },
         "Do not add the relevant documents that BM25 missed: they are lost, as in a search engine")
      ->needs(nano);
}

void define_beir(CLI::App& app, EvaluateOptions& options) {
  auto* beir = app.add_option("--beir", options.beir,
                              "Folder in BEIR's layout: corpus.jsonl, queries.jsonl, "
                              "qrels/SPLIT.tsv, gzipped or not")
                   ->type_name("FOLDER");
  app.add_option("--split", options.split, "Its judgements to use")
      ->type_name("NAME")
      ->capture_default_str()
      ->needs(beir);
  app.add_option(
         "--first-stage", options.first_stage,
         "Rerank this run instead of BM25's: a TREC run, or lines of query, tab, documents; "
         "gzipped or not")
      ->type_name("FILE")
      ->needs(beir);
}

void define_pairs(CLI::App& app, EvaluateOptions& options) {
  app.add_option("--correlation", options.correlation,
                 "Labelled pairs, a .jsonl, .tsv or .parquet file: correlate scores and labels")
      ->type_name("FILE");
  app.add_option("--classification", options.classification,
                 "The same with classes 0, 1, ... as labels: accuracy, F1 and so on")
      ->type_name("FILE");
}

// What is evaluated is one thing, and an option that it does not read is a slip.
void check_evaluate(const CLI::App& app, const EvaluateOptions& options) {
  const int given = !options.nano.empty() + !options.beir.empty() + !options.correlation.empty() +
                    !options.classification.empty();
  if (given != 1)
    throw CLI::ValidationError(fmt::format(
        "expected one of --nano, --beir, --correlation, --classification, got {}", given));
  for (const char* name : {"--rerank-k", "--metrics"})
    if (app.count(name) > 0 && options.nano.empty() && options.beir.empty())
      throw CLI::ValidationError(fmt::format("{} goes with --nano and --beir only", name));
}

void define(CLI::App& app, EvaluateOptions& options) {
  app.add_option("MODEL", options.model, "The model's folder, a checkpoint or one from elsewhere")
      ->required()
      ->type_name("");
  define_nano(app, options);
  define_beir(app, options);
  define_pairs(app, options);
  app.add_option("--rerank-k", options.rerank_k, "Rerank the first N candidates of the first stage")
      ->type_name("N")
      ->check(at_least_one())
      ->capture_default_str();
  app.add_option("--metrics", options.metrics,
                 fmt::format("Report more, such as mrr@5 ndcg@20 ndcg_exp@10 recall@50 success@1 "
                             "err@20 rbp@0.8 bpref; with --beir instead of {}",
                             fmt::join(kDefaultBeirMetrics, " ")))
      ->type_name("NAME")
      ->check(metric_name());
  app.final_callback([&app, &options] { check_evaluate(app, options); });
  add_length_and_batch(app, options.max_length, options.batch_tokens);
  app.add_option("--output", options.output,
                 "Also write files into a folder: per_query.csv, which compare reads; with --nano "
                 "the figures, appended to CSV files; with --beir run.SET.trec, the reranked run, "
                 "and bm25.SET.trec, the first stage")
      ->type_name("FOLDER");
  app.add_flag("--json", options.json, "Print one JSON object instead of a table");
  app.footer(R"(
Examples:
  lambdaforge evaluate runs/wordnet/first/final --nano data/wordnet/nano
  lambdaforge evaluate my-model --nano data/NanoBEIR-en --dataset-names msmarco nq --json
  lambdaforge evaluate my-model --nano data/NanoBEIR-en --metrics ndcg@20 recall@50
  lambdaforge evaluate my-model --beir data/nfcorpus --output figures
  lambdaforge evaluate my-model --beir data/scifact --first-stage dense.trec --rerank-k 50
  lambdaforge evaluate my-model --correlation sts-dev.tsv --output figures

Labelled pairs have columns sentence1, query, anchor or premise; sentence2, document, passage or
hypothesis; and label or score. Their figures are those of the scores that predict prints.)");
}

void define(CLI::App& app, CompareOptions& options) {
  app.add_option("RUN_A", options.run_a,
                 "A training run's folder, one that evaluate --output filled, or a file of "
                 "per-query values")
      ->required()
      ->type_name("");
  app.add_option("RUN_B", options.run_b, "What RUN_A is compared with")->required()->type_name("");
  app.add_option("--metric", options.metric, "The metric to compare, such as mrr@10 or map")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--qrels", options.qrels,
                 "Judgements: RUN_A and RUN_B are TREC run files to evaluate against them")
      ->type_name("FILE");
  app.add_option("--resamples", options.resamples,
                 "Resamples of the randomisation test and the interval")
      ->type_name("N")
      ->check(at_least_one())
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of the resampling")
      ->type_name("N")
      ->check(at_least(0))
      ->capture_default_str();
  app.add_option("--confidence", options.confidence, "Confidence of the interval")
      ->type_name("SHARE")
      ->check(between_zero_and_one())
      ->capture_default_str();
  app.add_flag("--json", options.json, "Print one JSON object instead of a table");
  app.footer(R"(
A run stands for its best step, or its last one while there is no best. Differences are B - A, wins
are B's. Both runs must be evaluated on the same queries.

  interval    of the mean difference, percentile bootstrap
  p (t)       paired t-test, two-sided
  p (rand.)   paired randomisation test, two-sided; exact where few queries differ
  p (Holm)    the latter, corrected for the number of data sets

Examples:
  lambdaforge compare runs/wordnet/first runs/wordnet/second
  lambdaforge compare run/eval/per_query/step-0.csv run --metric mrr@10
  lambdaforge compare bm25.trec reranked.trec --qrels msmarco.qrels --metric recall@100
  lambdaforge compare base-figures tuned-figures --resamples 1000000 --json)");
}

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
Prints one score a line, in the order of the pairs; with a query the ranking, best first.

Examples:
  printf 'what is a dog\ta domestic animal\n' | lambdaforge predict my-model
  lambdaforge predict my-model --query "what is a dog" --documents passages.txt --top-k 3)");
}

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

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// A word that nobody asked for explains a complaint better than what is missing because of it.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  for (const std::string& word : app.remaining()) {
    if (word.starts_with("-"))
      return unknown_name_message("option", word.substr(0, word.find('=')), option_names(app));
    if (const auto subcommands = app.get_subcommands(nullptr); !subcommands.empty()) {
      std::vector<std::string> known;
      for (const CLI::App* subcommand : subcommands) known.push_back(subcommand->get_name());
      return unknown_name_message(app.get_name() + " command", word, known);
    }
    return fmt::format("'{}' was not expected", word);
  }
  return error.what();
}

void run(CLI::App& app, const Arguments& arguments) {
  app.get_formatter()->column_width(38);
  try {
    app.parse(Arguments(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForHelp&) {
    throw Answer(0, app.help());
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const CLI::App& asked = chosen.empty() ? app : *chosen.back();
    const std::string name =
        chosen.empty() ? app.get_name() : app.get_name() + " " + asked.get_name();
    throw Answer(kUsageError, fmt::format("{}: {}\n'{} --help' says more.\n", name,
                                          explain(asked, error), name));
  }
}

template <class Options>
Options parse(const char* summary, const char* name, const Arguments& arguments) {
  CLI::App app(summary, name);
  Options options;
  define(app, options);
  run(app, arguments);
  return options;
}

}  // namespace

int Answer::give() const {
  (exit_code_ == 0 ? std::cout : std::cerr) << text_ << std::flush;
  return exit_code_;
}

TrainOptions parse_train(const Arguments& arguments) {
  return parse<TrainOptions>(kTrainSummary, "lambdaforge train", arguments);
}

EvaluateOptions parse_evaluate(const Arguments& arguments) {
  return parse<EvaluateOptions>(kEvaluateSummary, "lambdaforge evaluate", arguments);
}

CompareOptions parse_compare(const Arguments& arguments) {
  return parse<CompareOptions>(kCompareSummary, "lambdaforge compare", arguments);
}

PredictOptions parse_predict(const Arguments& arguments) {
  return parse<PredictOptions>(kPredictSummary, "lambdaforge predict", arguments);
}

PrepareOptions parse_prepare(const Arguments& arguments) {
  CLI::App app(kPrepareSummary, "lambdaforge prepare");
  app.require_subcommand(1);
  PrepareWordnetOptions wordnet;
  PrepareListsOptions lists;
  const CLI::App* chose_wordnet = define_wordnet(app, wordnet);
  define_lists(app, lists);
  run(app, arguments);
  return chose_wordnet->parsed() ? PrepareOptions(wordnet) : PrepareOptions(lists);
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"train", kTrainSummary,
       [](const Arguments& arguments) {
         const TrainOptions options = parse_train(arguments);
         trainer::load_config(options.recipe, options.overrides);
       }},
      {"evaluate", kEvaluateSummary, [](const Arguments& arguments) { parse_evaluate(arguments); }},
      {"compare", kCompareSummary, [](const Arguments& arguments) { parse_compare(arguments); }},
      {"predict", kPredictSummary, [](const Arguments& arguments) { parse_predict(arguments); }},
      {"prepare", kPrepareSummary, [](const Arguments& arguments) { parse_prepare(arguments); }},
  };
  return all;
}

}  // namespace lambdaforge::launch
