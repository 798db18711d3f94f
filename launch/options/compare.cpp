#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

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
                 "Judgements in TREC's or BEIR's columns: RUN_A and RUN_B are TREC run files to "
                 "evaluate against them; all may be gzipped")
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
  lambdaforge compare a/run.nq.trec b/run.nq.trec --qrels data/nq/qrels/test.tsv
  lambdaforge compare base-figures tuned-figures --resamples 1000000 --json)");
}

}  // namespace

CompareOptions parse_compare(const Arguments& arguments) {
  CLI::App app(kCompareSummary, "lambdaforge compare");
  CompareOptions options;
  define(app, options);
  parse(app, arguments);
  return options;
}

}  // namespace lambdaforge::launch
