#include "launch/options.h"

#include <gtest/gtest.h>

namespace lambdaforge::launch {
namespace {

// The complaint or help that parsing throws.
template <class Parse>
Answer answer(Parse parse, const Arguments& arguments) {
  try {
    parse(arguments);
  } catch (const Answer& thrown) {
    return thrown;
  }
  return {-1, "no answer"};
}

template <class Parse>
std::string complaint(Parse parse, const Arguments& arguments) {
  const Answer thrown = answer(parse, arguments);
  EXPECT_EQ(thrown.exit_code(), 2);
  return thrown.what();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ParseTrain, TakesARecipeAndOverrides) {
  const TrainOptions options =
      parse_train({"--set", "training.seed=1", "recipe.toml", "--set", "run.name=a b"});
  EXPECT_EQ(options.recipe, "recipe.toml");
  EXPECT_EQ(options.overrides, (Arguments{"training.seed=1", "run.name=a b"}));
  EXPECT_TRUE(parse_train({"recipe.toml"}).overrides.empty());
  const TrainOptions without_set =
      parse_train({"recipe.toml", "training.seed=1", "--set", "run.name=a", "data.eval_size=3"});
  EXPECT_EQ(without_set.recipe, "recipe.toml");
  EXPECT_EQ(without_set.overrides,
            (Arguments{"training.seed=1", "run.name=a", "data.eval_size=3"}));
}

TEST(ParseTrain, KeepsTheOrderOfOverrides) {
  const auto overrides = [](Arguments arguments) { return parse_train(arguments).overrides; };
  EXPECT_EQ(overrides({"recipe.toml", "run.name=a", "--set", "run.name=b"}),
            (Arguments{"run.name=a", "run.name=b"}));
  EXPECT_EQ(overrides({"recipe.toml", "--set", "run.name=b", "run.name=a"}),
            (Arguments{"run.name=b", "run.name=a"}));
  const std::string key = "training.resume_from_checkpoint=";
  EXPECT_EQ(overrides({"recipe.toml", "--resume=latest", key + "old", "--set=a.b=1"}),
            (Arguments{key + "latest", key + "old", "a.b=1"}));
}

TEST(ParseTrain, KeepsTheValueOfAnOverrideAsItIs) {
  const std::string list = "evaluation.dataset_names=[\"nq\", \"msmarco\"]";
  EXPECT_EQ(parse_train({"recipe.toml", "--set", list}).overrides, Arguments{list});
  EXPECT_EQ(parse_train({"recipe.toml", "--set=training.max_steps=-1"}).overrides,
            Arguments{"training.max_steps=-1"});
}

TEST(ParseTrain, TurnsResumeIntoAnOverride) {
  EXPECT_EQ(parse_train({"recipe.toml", "--resume", "latest"}).overrides,
            Arguments{"training.resume_from_checkpoint=latest"});
}

TEST(ParseTrain, TakesJson) {
  EXPECT_FALSE(parse_train({"recipe.toml"}).json);
  EXPECT_TRUE(parse_train({"recipe.toml", "--json"}).json);
}

TEST(ParseTrain, TakesCheck) {
  EXPECT_FALSE(parse_train({"recipe.toml"}).check);
  EXPECT_TRUE(parse_train({"recipe.toml", "--check"}).check);
}

TEST(ParseTrain, ExplainsSlips) {
  EXPECT_TRUE(contains(complaint(parse_train, {}), "lambdaforge train: RECIPE is required"));
  EXPECT_TRUE(contains(complaint(parse_train, {"a.toml", "--sett", "a.b=1"}),
                       "unknown option '--sett'; did you mean '--set'?"));
  EXPECT_TRUE(contains(complaint(parse_train, {"a.toml", "--rsume=latest"}),
                       "unknown option '--rsume'; did you mean '--resume'?"));
  EXPECT_TRUE(contains(complaint(parse_train, {"a.toml", "b.toml"}), "'b.toml' was not expected"));
  EXPECT_TRUE(contains(complaint(parse_train, {"a.toml", "--set"}), "--set"));
}

TEST(ParseEvaluate, HasTheDefaultsOfSentenceTransformers) {
  const EvaluateOptions options = parse_evaluate({"model", "--nano", "data"});
  EXPECT_EQ(options.model, "model");
  EXPECT_EQ(options.nano, "data");
  EXPECT_TRUE(options.dataset_names.empty());
  EXPECT_EQ(options.rerank_k, 100);
  EXPECT_EQ(options.at_k, 10);
  EXPECT_TRUE(options.metrics.empty());
  EXPECT_TRUE(options.always_rerank_positives);
  EXPECT_EQ(options.max_length, std::nullopt);
  EXPECT_EQ(options.batch_tokens, 16384);
  EXPECT_FALSE(options.json);
}

TEST(ParseEvaluate, TakesEveryOption) {
  const EvaluateOptions options = parse_evaluate({"model",          "--nano",
                                                  "data",           "--dataset-names",
                                                  "msmarco",        "nq",
                                                  "--rerank-k",     "50",
                                                  "--at-k",         "5",
                                                  "--metrics",      "ndcg@20",
                                                  "bpref",          "--no-always-rerank-positives",
                                                  "--max-length",   "128",
                                                  "--batch-tokens", "64",
                                                  "--output",       "out",
                                                  "--json"});
  EXPECT_EQ(options.dataset_names, (Arguments{"msmarco", "nq"}));
  EXPECT_EQ(options.rerank_k, 50);
  EXPECT_EQ(options.at_k, 5);
  EXPECT_EQ(options.metrics, (Arguments{"ndcg@20", "bpref"}));
  EXPECT_FALSE(options.always_rerank_positives);
  EXPECT_EQ(options.max_length, 128);
  EXPECT_EQ(options.batch_tokens, 64);
  EXPECT_EQ(options.output, "out");
  EXPECT_TRUE(options.json);
}

TEST(ParseEvaluate, TakesABeirFolder) {
  const EvaluateOptions plain = parse_evaluate({"model", "--beir", "data"});
  EXPECT_EQ(plain.beir, "data");
  EXPECT_EQ(plain.split, "test");
  EXPECT_EQ(plain.first_stage, "");
  const EvaluateOptions options =
      parse_evaluate({"model", "--beir", "data", "--split", "dev", "--first-stage", "dense.trec",
                      "--rerank-k", "20", "--metrics", "map"});
  EXPECT_EQ(options.split, "dev");
  EXPECT_EQ(options.first_stage, "dense.trec");
  EXPECT_EQ(options.rerank_k, 20);
  EXPECT_EQ(options.metrics, Arguments{"map"});
}

TEST(ParseEvaluate, RefusesOptionsOfTheOtherKindOfData) {
  const auto said = [](Arguments arguments) {
    arguments.insert(arguments.begin(), "model");
    return complaint(parse_evaluate, arguments);
  };
  EXPECT_TRUE(contains(said({"--nano", "a", "--split", "dev"}), "--split requires --beir"));
  EXPECT_TRUE(
      contains(said({"--nano", "a", "--first-stage", "r"}), "--first-stage requires --beir"));
  EXPECT_TRUE(
      contains(said({"--beir", "a", "--dataset-names", "nq"}), "--dataset-names requires --nano"));
  EXPECT_TRUE(contains(said({"--beir", "a", "--at-k", "5"}), "--at-k requires --nano"));
  EXPECT_TRUE(contains(said({"--beir", "a", "--no-always-rerank-positives"}),
                       "--no-always-rerank-positives requires --nano"));
}

TEST(ParseEvaluate, TakesLabelledPairsInstead) {
  EXPECT_EQ(parse_evaluate({"model", "--correlation", "sts.tsv"}).correlation, "sts.tsv");
  EXPECT_EQ(parse_evaluate({"model", "--classification", "nli.jsonl"}).classification, "nli.jsonl");
}

TEST(ParseEvaluate, ExplainsSlips) {
  EXPECT_TRUE(contains(complaint(parse_evaluate, {"model"}),
                       "expected one of --nano, --beir, --correlation, --classification, got 0"));
  EXPECT_TRUE(contains(complaint(parse_evaluate, {"model", "--nano", "n", "--beir", "b"}),
                       "expected one of --nano, --beir, --correlation, --classification, got 2"));
  EXPECT_TRUE(
      contains(complaint(parse_evaluate, {"model", "--correlation", "c", "--rerank-k", "5"}),
               "--rerank-k goes with --nano and --beir only"));
  EXPECT_TRUE(contains(complaint(parse_evaluate, {"model", "--corelation", "c"}),
                       "unknown option '--corelation'; did you mean '--correlation'?"));
  EXPECT_TRUE(contains(
      complaint(parse_evaluate, {"model", "--nano", "data", "--metrics", "map", "precison@5"}),
      "--metrics: unknown metric 'precison'; did you mean 'precision'?"));
  for (const std::string value : {"0", "-3", "many"})
    EXPECT_TRUE(
        contains(complaint(parse_evaluate, {"model", "--nano", "data", "--batch-tokens=" + value}),
                 "--batch-tokens: expected an integer >= 1, got '" + value + "'"))
        << value;
}

TEST(ParseCompare, NeedsTwoRunsOnly) {
  const CompareOptions options = parse_compare({"first", "second"});
  EXPECT_EQ(options.run_a, "first");
  EXPECT_EQ(options.run_b, "second");
  EXPECT_EQ(options.metric, "ndcg@10");
  EXPECT_EQ(options.resamples, 100000);
  EXPECT_EQ(options.seed, 42u);
  EXPECT_EQ(options.confidence, 0.95);
  EXPECT_FALSE(options.json);
}

TEST(ParseCompare, TakesEveryOption) {
  const CompareOptions options = parse_compare({"--metric", "map", "a", "b", "--resamples", "1000",
                                                "--seed", "7", "--confidence", "0.9", "--json"});
  EXPECT_EQ(options.run_a, "a");
  EXPECT_EQ(options.run_b, "b");
  EXPECT_EQ(options.metric, "map");
  EXPECT_EQ(options.resamples, 1000);
  EXPECT_EQ(options.seed, 7u);
  EXPECT_EQ(options.confidence, 0.9);
  EXPECT_TRUE(options.json);
}

TEST(ParseCompare, ExplainsSlips) {
  EXPECT_TRUE(contains(complaint(parse_compare, {"a"}), "RUN_B is required"));
  EXPECT_TRUE(contains(complaint(parse_compare, {"a", "b", "c"}), "'c' was not expected"));
  EXPECT_TRUE(contains(complaint(parse_compare, {"a", "b", "--metrics", "map"}),
                       "unknown option '--metrics'; did you mean '--metric'?"));
  EXPECT_TRUE(contains(complaint(parse_compare, {"a", "b", "--resamples", "0"}),
                       "--resamples: expected an integer >= 1, got '0'"));
  EXPECT_TRUE(contains(complaint(parse_compare, {"a", "b", "--seed=-1"}),
                       "--seed: expected an integer >= 0, got '-1'"));
  for (const std::string value : {"0", "1", "95", "nan", "0.9x", ""})
    EXPECT_TRUE(
        contains(complaint(parse_compare, {"a", "b", "--confidence=" + value}), "--confidence"))
        << value;
}

TEST(ParseEnergy, LeavesTheCommandAsItIs) {
  const EnergyOptions options =
      parse_energy({"--country", "FRA", "--json", "--", "make", "-j8", "--", "--json"});
  EXPECT_EQ(options.command, (Arguments{"make", "-j8", "--", "--json"}));
  EXPECT_EQ(options.country, "FRA");
  EXPECT_EQ(options.mode, "process");
  EXPECT_TRUE(options.json);
}

TEST(ParseEnergy, ExplainsSlips) {
  EXPECT_TRUE(contains(complaint(parse_energy, {}), "the command to measure is missing"));
  EXPECT_TRUE(contains(complaint(parse_energy, {"--json", "--"}), "-- COMMAND"));
  EXPECT_TRUE(contains(complaint(parse_energy, {"make"}), "'make' was not expected"));
  EXPECT_TRUE(contains(complaint(parse_energy, {"--contry", "FRA", "--", "make"}),
                       "did you mean '--country'?"));
  EXPECT_TRUE(contains(complaint(parse_energy, {"--mode", "house", "--", "make"}), "house"));
}

TEST(ParsePredict, ReadsPairsFromStandardInput) {
  const PredictOptions options = parse_predict({"model"});
  EXPECT_EQ(options.pairs, "-");
  EXPECT_EQ(options.query, std::nullopt);
  EXPECT_EQ(options.activation, std::nullopt);
  EXPECT_EQ(parse_predict({"model", "--pairs", "p.tsv"}).pairs, "p.tsv");
}

TEST(ParsePredict, RanksDocumentsForAQuery) {
  const PredictOptions options =
      parse_predict({"model", "--query", "a dog", "--documents", "-", "--top-k", "3",
                     "--return-documents", "--activation", "identity"});
  EXPECT_EQ(options.query, "a dog");
  EXPECT_EQ(options.documents, "-");
  EXPECT_EQ(options.top_k, 3);
  EXPECT_TRUE(options.return_documents);
  EXPECT_EQ(options.activation, "identity");
}

TEST(ParsePredict, ExplainsSlips) {
  EXPECT_TRUE(contains(complaint(parse_predict, {"model", "--query", "q"}), "--documents"));
  EXPECT_TRUE(contains(complaint(parse_predict, {"model", "--documents", "d"}), "--query"));
  EXPECT_TRUE(contains(complaint(parse_predict, {"model", "--top-k", "3"}), "--query"));
  EXPECT_TRUE(contains(
      complaint(parse_predict, {"model", "--pairs", "p", "--query", "q", "--documents", "d"}),
      "excludes"));
  EXPECT_TRUE(contains(complaint(parse_predict, {"model", "--activation", "sigmoit"}),
                       "unknown activation 'sigmoit'; did you mean 'sigmoid'?"));
}

TEST(ParsePrepare, MakesWordnetLists) {
  const auto options =
      std::get<PrepareWordnetOptions>(parse_prepare({"wordnet", "--output", "data/wordnet"}));
  EXPECT_EQ(options.database, "/usr/share/wordnet");
  EXPECT_EQ(options.output, "data/wordnet");
}

TEST(ParsePrepare, MakesATokenStore) {
  const auto options = std::get<PrepareListsOptions>(
      parse_prepare({"lists", "a.jsonl", "--model", "base", "--output", "a.h5"}));
  EXPECT_EQ(options.lists, "a.jsonl");
  EXPECT_EQ(options.model, "base");
  EXPECT_EQ(options.output, "a.h5");
}

TEST(ParsePrepare, ExplainsSlips) {
  EXPECT_TRUE(contains(complaint(parse_prepare, {}), "lambdaforge prepare: "));
  EXPECT_TRUE(contains(complaint(parse_prepare, {"wordnt"}), "did you mean 'wordnet'?"));
  EXPECT_TRUE(contains(complaint(parse_prepare, {"wordnet"}),
                       "lambdaforge prepare wordnet: --output is required"));
  EXPECT_TRUE(contains(complaint(parse_prepare, {"wordnet", "--output", "a", "--databse", "b"}),
                       "did you mean '--database'?"));
}

TEST(ParseRuns, TakesATableForTheFormatsThatHaveTables) {
  const auto parse_export = [](Arguments arguments) {
    arguments.insert(arguments.begin(), {"export", "run"});
    return parse_runs(arguments);
  };
  const auto table = [&](const Arguments& arguments) {
    return std::get<RunsExportOptions>(parse_export(arguments)).table;
  };
  EXPECT_EQ(table({"--table", "per_query"}), "per_query");
  EXPECT_EQ(table({"--format", "json"}), "scalars");
  for (const std::string format : {"json", "jsonl"})
    EXPECT_TRUE(contains(complaint(parse_export, {"--format", format, "--table", "per_query"}),
                         "--table goes with csv and parquet only, got --format " + format));
}

TEST(ParseSync, TakesAFolderAndAServer) {
  const SyncOptions options = parse_sync({"runs/p/a", "--tracking-uri", "http://host"});
  EXPECT_EQ(options.run_folder, "runs/p/a");
  EXPECT_EQ(options.tracking_uri, "http://host");
  EXPECT_TRUE(contains(complaint(parse_sync, {}), "RUN_FOLDER is required"));
}

TEST(Help, ShowsAnExampleOfEveryCommand) {
  for (const Command& command : commands()) {
    if (!command.check) continue;             // tests/integration asks the Python programs
    if (command.name == "prepare") continue;  // its two commands have the examples
    const Answer help = answer(command.check, {"--help"});
    EXPECT_EQ(help.exit_code(), 0);
    EXPECT_TRUE(contains(help.what(), "lambdaforge " + command.name + " ")) << help.what();
    EXPECT_TRUE(contains(help.what(), "Examples:")) << help.what();
  }
  for (const std::string command : {"wordnet", "lists"}) {
    const Answer help = answer(parse_prepare, {command, "--help"});
    EXPECT_EQ(help.exit_code(), 0);
    EXPECT_TRUE(contains(help.what(), "lambdaforge prepare " + command)) << help.what();
  }
}

TEST(Check, ReadsTheRecipeBeforeTheProgramStarts) {
  EXPECT_THROW(commands().front().check({"/no/such/recipe.toml"}), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::launch
