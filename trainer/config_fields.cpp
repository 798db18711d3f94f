#include "trainer/config_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

namespace lambdaforge::trainer {
namespace {

struct Bounds {
  std::string text;
  bool (*hold)(double);
};

const Bounds kPositive{" > 0", [](double x) { return x > 0; }};
const Bounds kNotNegative{" >= 0", [](double x) { return x >= 0; }};
const Bounds kAtLeastOne{" >= 1", [](double x) { return x >= 1; }};
const Bounds kProbability{" in [0, 1)", [](double x) { return x >= 0 && x < 1; }};
const Bounds kShare{" in [0, 1]", [](double x) { return x >= 0 && x <= 1; }};
const Bounds kFinite{"", [](double) { return true; }};

bool is_share_or_count(double x) {
  return x > 0 && (x < 1 || x == std::floor(x));
}
const Bounds kShareOrCount{": a share below 1 or a whole number >= 1", is_share_or_count};
const Bounds kShareOrCountOrZero{": 0, a share below 1 or a whole number >= 1",
                                 [](double x) { return x == 0 || is_share_or_count(x); }};
const Bounds kMaxSteps{" >= 1, or -1 for num_train_epochs",
                       [](double x) { return x >= 1 || x == -1; }};

const Bounds kPort{" in [0, 65535]", [](double x) { return x >= 0 && x <= 65535; }};
const Bounds kAllOrCount{" >= 0, or -1 for all", [](double x) { return x >= -1; }};

template <class T>
struct Plain {
  using type = T;
};
template <class T>
struct Plain<std::optional<T>> {
  using type = T;
};

template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_integral_v<T>) return "an integer";
  if constexpr (std::is_floating_point_v<T>) return "a number";
  if constexpr (std::is_same_v<T, std::string>) return "a string";
  return "a list of strings";
}

// An integer stands for a real, never the other way round; a member's own range is respected.
template <class T>
std::optional<T> read(const Value& value) {
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* real = std::get_if<double>(&value); real && std::isfinite(*real)) return *real;
    if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    if (const auto* integer = std::get_if<int64_t>(&value); integer && *integer >= 0)
      return static_cast<uint64_t>(*integer);
  } else if (const auto* same = std::get_if<T>(&value)) {
    return *same;
  }
  return std::nullopt;
}

template <class T>
Value write(const T& member) {
  if constexpr (std::is_same_v<T, uint64_t>)
    return static_cast<int64_t>(member);
  else
    return member;
}
template <class T>
Value write(const std::optional<T>& member) {
  return member ? write(*member) : Value{};
}

// Adds the fields of one section.
template <class Section>
class SectionFields {
 public:
  SectionFields(std::vector<Field>& fields, std::string name, Section Config::*section)
      : fields_(fields), name_(std::move(name)), section_(section) {}

  template <class T>
  void add(const std::string& key, T Section::*member, const Bounds& bounds = kFinite) {
    using Type = typename Plain<T>::type;
    Field field;
    field.section = name_;
    field.key = key;
    field.expected = type_name<Type>() + bounds.text;
    field.is_text = std::is_same_v<Type, std::string>;
    field.set = [section = section_, member, hold = bounds.hold](Config& config, const Value& v) {
      const auto value = read<Type>(v);
      if constexpr (std::is_arithmetic_v<Type>)
        if (value && !hold(static_cast<double>(*value))) return false;
      if (value) config.*section.*member = *value;
      return value.has_value();
    };
    field.get = [section = section_, member](const Config& c) { return write(c.*section.*member); };
    fields_.push_back(std::move(field));
  }

  void add_name(const std::string& key, std::string Section::*member,
                std::vector<std::string> choices) {
    add(key, member);
    fields_.back().choices = std::move(choices);
  }

 private:
  std::vector<Field>& fields_;
  std::string name_;
  Section Config::*section_;
};

void add_data_and_model(std::vector<Field>& fields) {
  SectionFields run(fields, "run", &Config::run);
  run.add("project", &RunConfig::project);
  run.add("name", &RunConfig::name);
  run.add("output_dir", &RunConfig::output_dir);

  SectionFields model(fields, "model", &Config::model);
  model.add("path", &ModelConfig::path);
  model.add("num_labels", &ModelConfig::num_labels, kAtLeastOne);
  model.add("max_length", &ModelConfig::max_length, kNotNegative);
  model.add("num_hidden_layers", &ModelConfig::num_hidden_layers, kAtLeastOne);
  model.add("hidden_dropout_prob", &ModelConfig::hidden_dropout_prob, kProbability);
  model.add("attention_probs_dropout_prob", &ModelConfig::attention_probs_dropout_prob,
            kProbability);
  model.add("classifier_dropout", &ModelConfig::classifier_dropout, kProbability);

  SectionFields data(fields, "data", &Config::data);
  data.add("train", &DataConfig::train);
  data.add("eval", &DataConfig::eval);
  data.add("eval_size", &DataConfig::eval_size, kShareOrCountOrZero);
  data.add("shuffle", &DataConfig::shuffle);
}

void add_loss(std::vector<Field>& fields) {
  SectionFields loss(fields, "loss", &Config::loss);
  loss.add("name", &losses::LossOptions::name);
  loss.add_name(
      "weighting_scheme", &losses::LossOptions::weighting_scheme,
      {"NoWeighting", "NDCGLoss1", "NDCGLoss2", "LambdaRank", "NDCGLoss2PP", "MRR", "MAP"});
  loss.add("mu", &losses::LossOptions::mu, kNotNegative);
  loss.add("k", &losses::LossOptions::k, kAtLeastOne);
  loss.add("sigma", &losses::LossOptions::sigma, kPositive);
  loss.add("eps", &losses::LossOptions::eps, kPositive);
  loss.add_name("reduction_log", &losses::LossOptions::reduction_log, {"binary", "natural"});
  loss.add_name("semantics", &losses::LossOptions::semantics, {"paper", "legacy"});
  loss.add_name("gain", &losses::LossOptions::gain, {"exponential", "linear"});
  loss.add("alpha", &losses::LossOptions::alpha, kPositive);
  loss.add("respect_input_order", &losses::LossOptions::respect_input_order);
  loss.add("pos_weight", &losses::LossOptions::pos_weight, kPositive);
  loss.add("temperature", &losses::LossOptions::temperature, kPositive);
  loss.add("num_negatives", &losses::LossOptions::num_negatives, kAllOrCount);
  loss.add("scale", &losses::LossOptions::scale, kPositive);
  loss.add_name("activation_fn", &losses::LossOptions::activation_fn,
                {"", "identity", "sigmoid", "tanh"});
}

void add_training(std::vector<Field>& fields) {
  using T = TrainingConfig;
  SectionFields training(fields, "training", &Config::training);
  training.add("per_device_train_batch_size", &T::per_device_train_batch_size, kAtLeastOne);
  training.add("per_device_eval_batch_size", &T::per_device_eval_batch_size, kAtLeastOne);
  training.add("gradient_accumulation_steps", &T::gradient_accumulation_steps, kAtLeastOne);
  training.add("micro_batch_tokens", &T::micro_batch_tokens, kNotNegative);
  training.add("learning_rate", &T::learning_rate, kNotNegative);
  training.add("weight_decay", &T::weight_decay, kNotNegative);
  training.add("adam_beta1", &T::adam_beta1, kProbability);
  training.add("adam_beta2", &T::adam_beta2, kProbability);
  training.add("adam_epsilon", &T::adam_epsilon, kNotNegative);
  training.add("max_grad_norm", &T::max_grad_norm, kNotNegative);
  training.add("num_train_epochs", &T::num_train_epochs, kPositive);
  training.add("max_steps", &T::max_steps, kMaxSteps);
  training.add_name("lr_scheduler_type", &T::lr_scheduler_type,
                    {"linear", "cosine", "constant", "constant_with_warmup"});
  training.add("warmup_ratio", &T::warmup_ratio, kShare);
  training.add("warmup_steps", &T::warmup_steps, kNotNegative);
  training.add("seed", &T::seed, kNotNegative);
  training.add("logging_steps", &T::logging_steps, kShareOrCount);
  training.add("logging_first_step", &T::logging_first_step);
  training.add_name("eval_strategy", &T::eval_strategy, {"no", "steps", "epoch"});
  training.add("eval_steps", &T::eval_steps, kShareOrCountOrZero);
  training.add("eval_on_start", &T::eval_on_start);
  training.add_name("save_strategy", &T::save_strategy, {"no", "steps", "epoch", "best"});
  training.add("save_steps", &T::save_steps, kShareOrCount);
  training.add("save_total_limit", &T::save_total_limit, kNotNegative);
  training.add("load_best_model_at_end", &T::load_best_model_at_end);
  training.add("metric_for_best_model", &T::metric_for_best_model);
  training.add("greater_is_better", &T::greater_is_better);
  training.add("resume_from_checkpoint", &T::resume_from_checkpoint);
  training.add("stop_when", &T::stop_when);
  training.add("min_gain_per_kwh", &T::min_gain_per_kwh, kNotNegative);
}

void add_reports(std::vector<Field>& fields) {
  SectionFields evaluation(fields, "evaluation", &Config::evaluation);
  evaluation.add("correlation", &EvaluationConfig::correlation);
  evaluation.add("classification", &EvaluationConfig::classification);
  evaluation.add("nano_beir", &EvaluationConfig::nano_beir);
  evaluation.add("dataset_names", &EvaluationConfig::dataset_names);
  evaluation.add("rerank_k", &EvaluationConfig::rerank_k, kAtLeastOne);
  evaluation.add("at_k", &EvaluationConfig::at_k, kAtLeastOne);
  evaluation.add("metrics", &EvaluationConfig::metrics);
  evaluation.add("always_rerank_positives", &EvaluationConfig::always_rerank_positives);
  evaluation.add("batch_tokens", &EvaluationConfig::batch_tokens, kAtLeastOne);

  SectionFields card(fields, "card", &Config::card);
  card.add("model_name", &CardConfig::model_name);
  card.add("model_id", &CardConfig::model_id);
  card.add("base_model", &CardConfig::base_model);
  card.add("train_dataset", &CardConfig::train_dataset);
  card.add("eval_dataset", &CardConfig::eval_dataset);
  card.add("language", &CardConfig::language);
  card.add("license", &CardConfig::license);

  using Tracking = experiments::TrackingOptions;
  SectionFields tracking(fields, "tracking", &Config::tracking);
  tracking.add("console", &Tracking::console);
  tracking.add("csv", &Tracking::csv);
  tracking.add("store", &Tracking::store);
  tracking.add("tensorboard", &Tracking::tensorboard);
  tracking.add("mlflow", &Tracking::mlflow);
  tracking.add("mlflow_tracking_uri", &Tracking::mlflow_tracking_uri);
  tracking.add("mlflow_experiment", &Tracking::mlflow_experiment);
  tracking.add("mlflow_log_model", &Tracking::mlflow_log_model);
  tracking.add("prometheus", &Tracking::prometheus);
  tracking.add_name("prometheus_per", &Tracking::prometheus_per, {"rank", "node"});
  tracking.add("prometheus_address", &Tracking::prometheus_address);
  tracking.add("prometheus_port", &Tracking::prometheus_port, kPort);
  tracking.add("prometheus_user", &Tracking::prometheus_user);
  tracking.add("prometheus_certificate", &Tracking::prometheus_certificate);
  tracking.add("prometheus_key", &Tracking::prometheus_key);
  tracking.add("prometheus_targets", &Tracking::prometheus_targets);
  tracking.add("prometheus_wait_seconds", &Tracking::prometheus_wait_seconds, kNotNegative);
  tracking.add("pushgateway_url", &Tracking::pushgateway_url);
  tracking.add("energy", &Tracking::energy);
  tracking.add_name("energy_mode", &Tracking::energy_mode, {"machine", "process"});
  tracking.add("energy_interval", &Tracking::energy_interval, kAtLeastOne);
  tracking.add("country_iso_code", &Tracking::country_iso_code);
  tracking.add("region", &Tracking::region);
  tracking.add("carbon_intensity", &Tracking::carbon_intensity, kNotNegative);
  tracking.add("pue", &Tracking::pue, kAtLeastOne);
  tracking.add("rapl_include_dram", &Tracking::rapl_include_dram);
}

}  // namespace

const std::vector<Field>& config_fields() {
  static const std::vector<Field> fields = [] {
    std::vector<Field> all;
    add_data_and_model(all);
    add_loss(all);
    add_training(all);
    add_reports(all);
    return all;
  }();
  return fields;
}

experiments::Parameters parameters_of(const Config& config) {
  experiments::Parameters parameters;
  for (const Field& field : config_fields())
    parameters.emplace_back(field.name(), field.get(config));
  return parameters;
}

}  // namespace lambdaforge::trainer
