#include "trainer/config.h"

#include <gtest/gtest.h>

#include <fstream>

namespace lambdaforge::trainer {
namespace {

const std::string kMinimal = R"(
[model]
path = "models/minilm"
[data]
train = "lists.jsonl"
)";

Config parse(const std::string& more, const std::vector<std::string>& overrides = {}) {
  return parse_config(kMinimal + more, "recipe.toml", overrides);
}

// The message of the std::invalid_argument; `more` starts on line 6 of the recipe.
std::string complaint(const std::string& more, const std::vector<std::string>& overrides = {}) {
  try {
    parse(more, overrides);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

std::string complaint_of_set(const std::string& text) {
  return complaint("", {text});
}

TEST(ParseConfig, HasTheDefaultsOfTransformers) {
  const Config config = parse("");
  Config expected;
  expected.model.path = "models/minilm";
  expected.data.train = "lists.jsonl";
  EXPECT_EQ(config, expected);
  EXPECT_EQ(config.training.learning_rate, 5e-5);
  EXPECT_EQ(config.training.seed, 42u);
}

TEST(ParseConfig, ReadsEveryType) {
  const Config config = parse(R"(
[loss]
k = 10
mu = 5
[training]
max_steps = 100
load_best_model_at_end = false
lr_scheduler_type = "cosine"
learning_rate = 2e-5
greater_is_better = true
[evaluation]
dataset_names = ["msmarco", "nq"]
)");
  EXPECT_EQ(config.loss.k, 10);
  EXPECT_EQ(config.loss.mu, 5.0);  // an integer stands for a real
  EXPECT_EQ(config.training.max_steps, 100);
  EXPECT_EQ(config.training.lr_scheduler_type, "cosine");
  EXPECT_EQ(config.training.learning_rate, 2e-5);
  EXPECT_EQ(config.training.greater_is_better, true);
  EXPECT_EQ(config.evaluation.dataset_names, (std::vector<std::string>{"msmarco", "nq"}));
}

TEST(ParseConfig, NamesTheNearestKey) {
  EXPECT_EQ(complaint("[run]\nprojct = \"a\""),
            "recipe.toml:7: run.projct: unknown key 'projct'; did you mean 'project'? "
            "known: project, name, output_dir");
}

TEST(ParseConfig, SaysWhereAMisplacedKeyBelongs) {
  EXPECT_EQ(complaint("[model]\nseed = 1").find("no complaint"), std::string::npos);
  EXPECT_EQ(complaint("[training]\nmu = 1"),
            "recipe.toml:7: training.mu: unknown key 'mu' in [training]; it belongs to [loss]");
  EXPECT_EQ(complaint_of_set("seed.x=1"),
            "--set seed.x=1: seed: a key without a section; it belongs to [training]");
}

TEST(ParseConfig, NamesTheNearestSection) {
  EXPECT_EQ(complaint("[trainin]\nseed = 1"),
            "recipe.toml:6: trainin: unknown section 'trainin'; did you mean 'training'? "
            "known: run, model, data, loss, training, evaluation, card, tracking");
}

TEST(ParseConfig, RefusesAKeyWithoutASection) {
  EXPECT_EQ(complaint("[tracking]\ncsv = true\n[run.project]\nx = 1"),
            "recipe.toml:8: run.project: expected a string, got a table");
  try {
    parse_config("training = 3", "recipe.toml");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "recipe.toml:1: training: expected a section [training], got 3 (integer)");
  }
}

TEST(ParseConfig, SaysWhatCameAndWhatWasExpected) {
  EXPECT_EQ(complaint("[training]\nlearning_rate = \"2e-5\""),
            "recipe.toml:7: training.learning_rate: expected a number >= 0, got '2e-5' (string)");
  EXPECT_EQ(complaint("[training]\nmax_steps = 1.5"),
            "recipe.toml:7: training.max_steps: expected an integer >= 1, or -1 for "
            "num_train_epochs, got 1.5 (floating-point)");
  EXPECT_EQ(complaint("[tracking]\ncsv = 1"),
            "recipe.toml:7: tracking.csv: expected true or false, got 1 (integer)");
  EXPECT_EQ(complaint("[evaluation]\ndataset_names = [1, 2]"),
            "recipe.toml:7: evaluation.dataset_names: expected a list of strings, "
            "got [ 1, 2 ] (array)");
  EXPECT_EQ(complaint("[run]\nname = 2026-11-24"),
            "recipe.toml:7: run.name: expected a string, got 2026-11-24 (date)");
}

TEST(ParseConfig, NamesTheLineOfBrokenToml) {
  EXPECT_EQ(complaint("[training]\nseed = = 1").substr(0, 15), "recipe.toml:7: ");
}

TEST(ParseConfig, RefusesImpossibleValues) {
  for (const std::string text : {
           "training.learning_rate=-1",
           "training.learning_rate=nan",
           "training.per_device_train_batch_size=0",
           "training.gradient_accumulation_steps=0",
           "training.max_steps=0",
           "training.num_train_epochs=0",
           "training.seed=-1",
           "training.adam_beta1=1",
           "training.warmup_ratio=1.5",
           "training.logging_steps=0",
           "training.logging_steps=1.5",
           "training.save_total_limit=-1",
           "data.eval_size=-1",
           "data.eval_size=10.5",
           "model.hidden_dropout_prob=1",
           "model.num_hidden_layers=0",
           "loss.k=0",
           "loss.sigma=0",
           "evaluation.at_k=0",
       }) {
    const std::string message = complaint_of_set(text);
    EXPECT_EQ(message.rfind("--set " + text + ": ", 0), 0u) << message;
    EXPECT_NE(message.find(": expected a"), std::string::npos) << message;
  }
}

TEST(ParseConfig, RefusesUnknownNames) {
  EXPECT_EQ(complaint("[training]\nlr_scheduler_type = \"cosin\""),
            "recipe.toml:7: training.lr_scheduler_type: unknown lr_scheduler_type 'cosin'; did you "
            "mean 'cosine'? known: linear, cosine, constant, constant_with_warmup");
  EXPECT_NE(complaint_of_set("loss.weighting_scheme=NDCGLoss2P").find("'NDCGLoss2"),
            std::string::npos);
  EXPECT_NE(complaint_of_set("loss.semantics=papers").find("'paper'"), std::string::npos);
  EXPECT_NE(complaint_of_set("loss.reduction_log=naturel").find("'natural'"), std::string::npos);
  EXPECT_NE(complaint_of_set("training.save_strategy=step").find("'steps'"), std::string::npos);
}

TEST(ParseConfig, ChecksTheNamesOfMetrics) {
  EXPECT_EQ(parse("", {"evaluation.metrics=['ndcg@20', 'bpref']"}).evaluation.metrics,
            (std::vector<std::string>{"ndcg@20", "bpref"}));
  EXPECT_EQ(complaint("[evaluation]\nmetrics = ['map', 'recal@10']").substr(0, 81),
            "recipe.toml:7: evaluation.metrics: unknown metric 'recal'; did you mean 'recall'?");
  EXPECT_NE(complaint_of_set("evaluation.metrics=['recall']").find("as in recall@10"),
            std::string::npos);
}

TEST(ParseConfig, RequiresAModelAndData) {
  EXPECT_EQ(complaint_of_set("model.path=").rfind("--set model.path=: model.path: is required", 0),
            0u);
  try {
    parse_config("[model]\npath = 'x'", "recipe.toml");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()).rfind("recipe.toml: data.train: is required", 0), 0u);
  }
}

TEST(ParseConfig, RefusesTwoSourcesOfHeldOutLists) {
  EXPECT_NE(complaint("", {"data.eval=e.jsonl", "data.eval_size=100"}), "no complaint");
}

TEST(ParseConfig, RefusesAnEvaluationOfNothing) {
  EXPECT_NE(complaint_of_set("training.eval_strategy=steps").find("nothing to evaluate"),
            std::string::npos);
  EXPECT_NE(complaint_of_set("training.eval_on_start=true").find("nothing to evaluate"),
            std::string::npos);
  for (const std::string evaluator : {"nano_beir", "correlation", "classification"})
    EXPECT_EQ(complaint("", {"training.eval_strategy=steps", "evaluation." + evaluator + "=data"}),
              "no complaint");
}

TEST(ParseConfig, KnowsThePlaceWhoseCarbonCounts) {
  EXPECT_EQ(complaint("", {"tracking.country_iso_code=usa", "tracking.region=Texas"}),
            "no complaint");
  EXPECT_NE(complaint_of_set("tracking.country_iso_code=FRX").find("did you mean 'FRA'?"),
            std::string::npos);
  EXPECT_NE(complaint_of_set("tracking.region=Texas").find("tracking.region"), std::string::npos);
}

TEST(ParseConfig, StopsOnlyByWhatIsMeasured) {
  EXPECT_EQ(complaint_of_set("training.stop_when=\"kwh > 0.5\""), "no complaint");
  EXPECT_NE(complaint_of_set("training.stop_when=\"kwh < 0.5\"").find("expected a figure"),
            std::string::npos);
  EXPECT_NE(complaint("", {"training.stop_when=\"kwh > 1\"", "tracking.energy=false"})
                .find("needs the run's energy"),
            std::string::npos);
  EXPECT_NE(complaint_of_set("training.min_gain_per_kwh=1").find("eval_strategy"),
            std::string::npos);
}

TEST(ParseConfig, LoadsTheBestModelOnlyIfEveryCandidateIsSaved) {
  const std::vector<std::string> good = {"data.eval_size=100", "training.eval_strategy=steps",
                                         "training.eval_steps=250", "training.save_steps=500",
                                         "training.load_best_model_at_end=true"};
  const auto with = [&](const std::string& text) {
    auto all = good;
    all.push_back(text);
    return complaint("", all);
  };
  EXPECT_EQ(complaint("", good), "no complaint");
  EXPECT_EQ(with("training.save_steps=300"),
            "--set training.load_best_model_at_end=true: training.load_best_model_at_end: "
            "save_steps 300 must be a multiple of eval_steps 250");
  EXPECT_NE(with("training.save_steps=125"), "no complaint");
  EXPECT_NE(with("training.save_steps=0.5"), "no complaint");
  EXPECT_NE(with("training.save_strategy=epoch"), "no complaint");
  EXPECT_NE(with("training.eval_strategy=no"), "no complaint");
  EXPECT_EQ(with("training.save_strategy=best"), "no complaint");
  EXPECT_EQ(with("training.eval_steps=0"), "no complaint");  // logging_steps, 500
}

TEST(ParseConfig, ComparesSharesOfTheSteps) {
  const auto shares = [](const std::string& save_steps) {
    return complaint(
        "", {"data.eval_size=100", "training.eval_strategy=steps", "training.eval_steps=0.1",
             "training.save_steps=" + save_steps, "training.load_best_model_at_end=true"});
  };
  EXPECT_EQ(shares("0.3"), "no complaint");  // 0.3 / 0.1 is not 3 in binary
  EXPECT_NE(shares("0.25"), "no complaint");
}

TEST(Overrides, WinOverTheFileAndOverEarlierOnes) {
  const Config config =
      parse("[training]\nseed = 1", {"training.seed=2", "training.seed=3", "loss.k=5"});
  EXPECT_EQ(config.training.seed, 3u);
  EXPECT_EQ(config.loss.k, 5);
}

TEST(Overrides, TakeABareWordAsAString) {
  const Config config =
      parse("", {"training.lr_scheduler_type=cosine", "run.name=2026-11-24", "run.project=12",
                 "data.train=a=b.jsonl", "run.output_dir=\"my runs\"", "data.eval="});
  EXPECT_EQ(config.training.lr_scheduler_type, "cosine");
  EXPECT_EQ(config.run.name, "2026-11-24");
  EXPECT_EQ(config.run.project, "12");
  EXPECT_EQ(config.data.train, "a=b.jsonl");
  EXPECT_EQ(config.run.output_dir, "my runs");
  EXPECT_EQ(config.data.eval, "");
}

TEST(Overrides, ReadLists) {
  EXPECT_EQ(parse("", {"evaluation.dataset_names=['nq', 'msmarco']"}).evaluation.dataset_names,
            (std::vector<std::string>{"nq", "msmarco"}));
}

TEST(Overrides, RefuseWhatIsNoAssignment) {
  for (const std::string text : {"training", "training.seed", "seed=1", "=1", "a=b.c"})
    EXPECT_NE(complaint_of_set(text).find("expected section.key=value"), std::string::npos) << text;
  EXPECT_NE(complaint_of_set("run.name=\"half"), "no complaint");
  EXPECT_EQ(complaint_of_set("training.seed=many"),
            "--set training.seed=many: training.seed: expected an integer >= 0, "
            "got 'many' (string)");
  EXPECT_NE(complaint_of_set("training.sed=1").find("did you mean 'seed'?"), std::string::npos);
}

TEST(ToToml, ReadsBackEqual) {
  Config config = parse("");
  EXPECT_EQ(parse_config(to_toml(config), "effective"), config);

  config.run.name = "a \"quoted\" name, C:\\runs and\na new line";
  config.model.hidden_dropout_prob = 0.1;
  config.loss.k = 10;
  config.training.learning_rate = 1.0 / 3.0;
  config.training.adam_epsilon = 1e-300;
  config.training.weight_decay = 1e20;
  config.training.greater_is_better = false;
  config.evaluation.dataset_names = {"msmarco", "it's"};
  config.evaluation.metrics = {"ndcg@20", "rbp@0.8"};
  EXPECT_EQ(parse_config(to_toml(config), "effective"), config);
}

TEST(ToToml, WritesEveryKey) {
  const std::string text = to_toml(parse(""));
  EXPECT_NE(text.find("[training]\n"), std::string::npos);
  EXPECT_NE(text.find("\nlearning_rate = 5e-05\n"), std::string::npos);
  EXPECT_NE(text.find("\nmax_grad_norm = 1.0\n"), std::string::npos);
  EXPECT_NE(text.find("\n# k is not set\n"), std::string::npos);
}

TEST(LoadConfig, NamesTheFile) {
  const std::string path = testing::TempDir() + "lambdaforge_bad.toml";
  std::ofstream(path) << "[training]\nsed = 1\n";
  try {
    load_config(path);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()).rfind(path + ":2: training.sed: ", 0), 0u) << error.what();
  }
  EXPECT_THROW(load_config("/no/such/recipe.toml"), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::trainer
