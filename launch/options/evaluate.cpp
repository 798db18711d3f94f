#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "evaluators/named_metrics.h"
#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

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

void define_nano(CLI::App& app, EvaluateOptions& options) {
  auto* nano =
      app.add_option("--nano", options.nano, "Folder in the NanoBEIR layout")->type_name("FOLDER");
  app.add_option("--dataset-names", options.dataset_names,
                 "Its data sets to use, such as msmarco nfcorpus nq [all of the folder but "
                 "ArguAna and Touche2020]")
      ->type_name("NAME")
      ->needs(nano);
  app.add_option("--at-k", options.at_k, "Cut-off of NDCG and MRR with --nano")
      ->type_name("N")
      ->check(at_least_one())
      ->capture_default_str()
      ->needs(nano);
  app.add_flag_callback(
         "--no-always-rerank-positives", [&options] { options.always_rerank_positives = false; },
         "Do not add the relevant documents that BM25 missed. Those that --metrics adds count them "
         "as not found; MAP, MRR and NDCG at --at-k pass over them, as in sentence-transformers")
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
                 "Also write files into a folder: per_query.csv with --nano and --beir, which "
                 "compare reads and which keeps the other data sets that it has; with --beir "
                 "run.SET.trec, the reranked run, and bm25.SET.trec, the first stage; with all but "
                 "--beir the figures, appended to CSV files")
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

}  // namespace

EvaluateOptions parse_evaluate(const Arguments& arguments) {
  CLI::App app(kEvaluateSummary, "lambdaforge evaluate");
  EvaluateOptions options;
  define(app, options);
  parse(app, arguments);
  return options;
}

}  // namespace lambdaforge::launch
