#include "experiments/report/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "experiments/report/card_figures.h"
#include "experiments/report/card_metadata.h"
#include "experiments/report/citations.h"
#include "experiments/report/markdown.h"

namespace lambdaforge::experiments {
namespace {

constexpr size_t kRowsInSight = 100;        // a longer log is folded
constexpr size_t kCharactersOfText = 1000;  // of a sample

// A long text would hide the card: cut between two characters of UTF-8.
std::string shortened(const std::string& text) {
  if (text.size() <= kCharactersOfText) return text;
  size_t end = kCharactersOfText;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return fmt::format("{}...", std::string_view(text).substr(0, end));
}

// 167227 -> "167,227"
std::string with_commas(int64_t number) {
  std::string digits = fmt::format("{}", number);
  for (auto i = static_cast<ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<size_t>(i), 1, ',');
  return digits;
}

std::string hub_link(const std::string& id, std::string_view kind = "") {
  return fmt::format("[{}](https://huggingface.co/{}{})", escape_markdown(id), kind, id);
}

std::string dataset_link(const CardDataset& dataset) {
  return dataset.id.empty() ? escape_markdown(dataset.name) : hub_link(dataset.id, "datasets/");
}

std::string base_model_link(const CardFacts& facts) {
  return facts.base_model_is_id ? hub_link(facts.base_model) : escape_markdown(facts.base_model);
}

std::string task_of(const CardFacts& facts) {
  return facts.num_labels == 1 ? "text reranking and semantic search" : "text pair classification";
}

// --- what it is ---

std::string introduction(const CardFacts& facts) {
  std::string origin =
      facts.base_model.empty() ? "trained" : "finetuned from " + base_model_link(facts);
  return fmt::format(
      "# {}\n\nThis is a [Cross "
      "Encoder](https://www.sbert.net/docs/cross_encoder/usage/usage.html) "
      "model {} on the {} dataset with Lambdaforge. It scores pairs of texts, for {}, and loads in "
      "[sentence-transformers](https://www.SBERT.net).\n\n",
      escape_markdown(card_title(facts)), origin, dataset_link(facts.training), task_of(facts));
}

std::string description(const CardFacts& facts) {
  std::string text = "## Model Details\n\n### Model Description\n- **Model Type:** Cross Encoder\n";
  if (!facts.base_model.empty())
    text += fmt::format("- **Base model:** {}\n", base_model_link(facts));
  text += fmt::format(
      "- **Maximum Sequence Length:** {} tokens\n- **Number of Output Labels:** {} label{}\n"
      "- **Supported Modality:** Text\n- **Training Dataset:**\n    - {}\n",
      facts.max_length, facts.num_labels, facts.num_labels == 1 ? "" : "s",
      dataset_link(facts.training));
  text += facts.languages.empty()
              ? "<!-- - **Language:** Unknown -->\n"
              : fmt::format("- **Language{}:** {}\n", facts.languages.size() == 1 ? "" : "s",
                            escape_markdown(fmt::format("{}", fmt::join(facts.languages, ", "))));
  text += facts.license.empty()
              ? "<!-- - **License:** Unknown -->\n"
              : fmt::format("- **License:** {}\n", escape_markdown(facts.license));
  return text +
         "\n### Model Sources\n\n"
         "- **Documentation:** [Cross Encoders in Sentence Transformers]"
         "(https://www.sbert.net/docs/cross_encoder/usage/usage.html)\n"
         "- **Repository:** [Sentence Transformers on GitHub]"
         "(https://github.com/huggingface/sentence-transformers)\n"
         "- **Hugging Face:** [Cross Encoders on Hugging Face]"
         "(https://huggingface.co/models?library=sentence-transformers&other=cross-encoder)\n\n" +
         fmt::format("### Full Model Architecture\n\n```\n{}\n```\n\n", facts.architecture);
}

// --- how to use it ---

std::string scores_comment(const CardFacts& facts, const CardProgress& progress) {
  const size_t pairs = facts.usage_pairs.size() / 2;
  const auto labels = static_cast<size_t>(facts.num_labels);
  if (progress.model.usage_scores.size() != pairs * labels)
    return labels == 1 ? fmt::format("print(scores.shape)\n# ({},)\n", pairs)
                       : fmt::format("print(scores.shape)\n# ({}, {})\n", pairs, labels);
  std::string text = "print(scores)\n# [";
  for (size_t i = 0; i < progress.model.usage_scores.size(); ++i) {
    if (labels > 1 && i % labels == 0) text += i == 0 ? "[" : "]\n#  [";
    const bool begins = i == 0 || (labels > 1 && i % labels == 0);
    text += fmt::format("{}{:.4f}", begins ? "" : " ", progress.model.usage_scores[i]);
  }
  return text + (labels > 1 ? "]]\n" : "]\n");
}

std::string usage(const CardFacts& facts, const CardProgress& progress) {
  const std::string id = facts.model_id.empty() ? "cross_encoder_model_id" : facts.model_id;
  const std::vector<std::string>& pairs = facts.usage_pairs;
  std::string code = fmt::format(
      "from sentence_transformers import CrossEncoder\n\n# Download from the Hub, or give the "
      "folder of this card\nmodel = CrossEncoder({})\n# Get scores for pairs of texts\npairs = [\n",
      python_text(id));
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    code += fmt::format("    [{}, {}],\n", python_text(shortened(pairs[i])),
                        python_text(shortened(pairs[i + 1])));
  code += "]\nscores = model.predict(pairs)\n" + scores_comment(facts, progress);
  if (facts.num_labels == 1 && !pairs.empty()) {
    code += fmt::format("\n# Or rank texts for one query\nranks = model.rank(\n    {},\n    [\n",
                        python_text(shortened(pairs.front())));
    for (size_t i = 0; i + 1 < pairs.size(); i += 2)
      code += fmt::format("        {},\n", python_text(shortened(pairs[i + 1])));
    code +=
        "    ]\n)\n# [{'corpus_id': ..., 'score': ...}, {'corpus_id': ..., 'score': ...}, ...]\n";
  }
  return "## Usage\n\n### Direct Usage (Sentence Transformers)\n\n```bash\n"
         "pip install -U sentence-transformers\n```\n\n```python\n" +
         code + "```\n\n";
}

// --- how good it is ---

std::string evaluator_figures(const CardEvaluator& evaluator, const Metrics& row) {
  std::vector<std::vector<std::string>> table = {{"Metric"}};
  if (evaluator.datasets.size() == 1)
    table.front().push_back("Value");
  else
    for (const std::string& dataset : evaluator.datasets)
      table.front().push_back(escape_markdown(dataset));
  for (const std::string& metric : evaluator.metrics) {
    std::vector<std::string> cells = {escape_markdown(metric)};
    for (const std::string& dataset : evaluator.datasets) {
      const auto figure = find_figure(row, dataset, metric);
      cells.push_back(figure ? figure_text(*figure) : "-");
    }
    if (metric == evaluator.primary_metric)
      for (std::string& cell : cells) cell = fmt::format("**{}**", cell);
    table.push_back(std::move(cells));
  }
  return markdown_table(table, Align::kLeft);
}

std::string evaluation(const CardFacts& facts, const CardProgress& progress) {
  const Metrics row = evaluation_row(progress);
  if (row.empty() || facts.evaluators.empty()) return "";
  std::string text = "## Evaluation\n\n### Metrics\n\n";
  for (const CardEvaluator& evaluator : facts.evaluators) {
    std::vector<std::string> datasets;
    for (const std::string& dataset : evaluator.datasets)
      datasets.push_back(fmt::format("<code>{}</code>", escape_markdown(dataset)));
    text += fmt::format(
        "#### {}\n\n* Dataset{}: {}\n* Evaluated as "
        "[<code>{}</code>](https://sbert.net/docs/package_reference/cross_encoder/evaluation.html"
        "#sentence_transformers.cross_encoder.evaluation.{}) does, with these "
        "parameters:\n{}\n{}\n",
        evaluator.description, datasets.size() == 1 ? "" : "s", fmt::join(datasets, ", "),
        evaluator.class_name, evaluator.class_name,
        indent(fmt::format("```json\n{}\n```\n", evaluator.options), "  "),
        evaluator_figures(evaluator, row));
  }
  return text;
}

// --- how it was trained ---

std::string details_of(const CardColumn& column) {
  std::string items;
  for (const std::string& detail : column.details) items += fmt::format("<li>{}</li>", detail);
  return fmt::format("<ul>{}</ul>", items);
}

std::string statistics(const CardDataset& dataset) {
  std::vector<std::vector<std::string>> table = {{""}, {"type"}, {"modality"}, {"details"}};
  for (const CardColumn& column : dataset.columns) {
    table[0].push_back(column.name);
    table[1].push_back(column.type);
    table[2].push_back(column.type == "string" ? "text" : "");
    table[3].push_back(details_of(column));
  }
  return markdown_table(table, Align::kLeft);
}

std::string cell_text(const CardCell& cell) {
  if (!cell.is_list) return escape_markdown(shortened(cell.elements.front()));
  std::vector<std::string> elements;
  for (const std::string& element : cell.elements)
    elements.push_back(cell.is_text ? python_text(shortened(element)) : element);
  return escape_markdown(
      fmt::format("[{}{}]", fmt::join(elements, ", "), cell.is_cut ? ", ..." : ""));
}

std::string samples(const CardDataset& dataset) {
  std::vector<std::vector<std::string>> table(1);
  for (const CardColumn& column : dataset.columns) table.front().push_back(column.name);
  for (const auto& sample : dataset.samples) {
    std::vector<std::string>& cells = table.emplace_back();
    for (const CardCell& cell : sample)
      cells.push_back(fmt::format("<code>{}</code>", cell_text(cell)));
  }
  return markdown_table(table, Align::kLeft);
}

std::string loss_link(const std::string& loss) {
  // The losses that sentence-transformers has under the same name.
  constexpr std::array<std::string_view, 12> kKnownThere = {"ADRMSELoss",
                                                            "BinaryCrossEntropyLoss",
                                                            "CachedMultipleNegativesRankingLoss",
                                                            "CrossEntropyLoss",
                                                            "LambdaLoss",
                                                            "ListMLELoss",
                                                            "ListNetLoss",
                                                            "MSELoss",
                                                            "MarginMSELoss",
                                                            "MultipleNegativesRankingLoss",
                                                            "PListMLELoss",
                                                            "RankNetLoss"};
  if (std::ranges::find(kKnownThere, loss) == kKnownThere.end())
    return fmt::format("<code>{}</code>", escape_markdown(loss));
  std::string anchor = loss;
  std::ranges::transform(anchor, anchor.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return fmt::format(
      "[<code>{}</code>](https://sbert.net/docs/package_reference/cross_encoder/losses.html#{})",
      loss, anchor);
}

std::string dataset_section(const CardFacts& facts, const CardDataset& dataset,
                            std::string_view kind) {
  std::string text = fmt::format("#### {}\n\n", escape_markdown(dataset.name));
  if (!dataset.id.empty()) text += fmt::format("* Dataset: {}\n", dataset_link(dataset));
  std::vector<std::string> columns;
  for (const CardColumn& column : dataset.columns)
    columns.push_back(fmt::format("<code>{}</code>", column.name));
  text += fmt::format("* Size: {} {} samples\n* Columns: {}\n", with_commas(dataset.size), kind,
                      fmt::join(columns, ", "));
  if (!dataset.samples.empty())
    text += fmt::format("* Approximate statistics based on the first {} samples:\n{}* Samples:\n{}",
                        dataset.statistics_rows, indent(statistics(dataset), "  "),
                        indent(samples(dataset), "  "));
  return text + fmt::format("* Loss: {} with these parameters:\n{}\n", loss_link(facts.loss),
                            indent(fmt::format("```json\n{}\n```\n", facts.loss_options), "  "));
}

std::string hyperparameters(const CardFacts& facts) {
  std::string changed, all;
  for (const CardHyperparameter& each : facts.hyperparameters) {
    const std::string line = fmt::format("- `{}`: {}\n", each.name, escape_markdown(each.value));
    all += line;
    if (!each.is_default) changed += line;
  }
  if (!changed.empty()) changed = fmt::format("#### Non-Default Hyperparameters\n\n{}\n", changed);
  return fmt::format(
      "### Training Hyperparameters\n{}#### All Hyperparameters\n<details><summary>Click to "
      "expand</summary>\n\n{}\n</details>\n\n",
      changed, all);
}

std::string training_logs(const CardFacts& facts, const CardProgress& progress) {
  const auto rows = log_rows(facts, progress);
  if (rows.size() < 2) return "";
  std::string table = markdown_table(rows, Align::kCentre);
  if (table.find("| **") != std::string::npos)
    table += "\n* The bold row denotes the saved checkpoint.\n";
  if (rows.size() - 1 > kRowsInSight)
    table = fmt::format("<details><summary>Click to expand</summary>\n\n{}</details>\n", table);
  return fmt::format("### Training Logs\n{}\n", table);
}

// "6.1 seconds", "23.0 minutes", "1.6 hours", "2.5 days"
std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} seconds", seconds);
  if (seconds < 3600) return fmt::format("{:.1f} minutes", seconds / 60);
  if (seconds < 86400) return fmt::format("{:.1f} hours", seconds / 3600);
  return fmt::format("{:.1f} days", seconds / 86400);
}

// Three decimals, or three digits of what would vanish behind them.
std::string small_figure(double value) {
  return value < 0.01 ? fmt::format("{:.3g}", value) : fmt::format("{:.3f}", value);
}

std::string impact(const CardFacts& facts, const CardProgress& progress) {
  std::string text;
  const double total = progress.model.training_seconds + progress.model.evaluation_seconds;
  if (progress.model.energy)
    text += fmt::format(
        "### Environmental Impact\nEnergy and emissions were measured as "
        "[CodeCarbon](https://github.com/mlco2/codecarbon) measures them, over all restarts.\n"
        "- **Energy Consumed**: {} kWh\n- **Carbon Emitted**: {} kg of CO2\n"
        "- **Hours Used**: {:.3f} hours\n\n",
        small_figure(progress.model.energy->kwh), small_figure(progress.model.energy->emissions_kg),
        total / 3600);
  text += fmt::format(
      "### Training Hardware\n- **On Cloud**: No\n- **GPU Model**: {}\n- **CPU Model**: {}\n"
      "- **RAM Size**: {:.2f} GB\n\n",
      facts.gpu_model.empty() ? "No GPU used" : escape_markdown(facts.gpu_model),
      escape_markdown(facts.cpu_model), facts.memory_gigabytes);
  text += fmt::format("### Training Time\n- **Training**: {}\n",
                      duration(progress.model.training_seconds));
  if (progress.model.evaluation_seconds > 0)
    text += fmt::format("- **Evaluation**: {}\n- **Total**: {}\n",
                        duration(progress.model.evaluation_seconds), duration(total));
  return text + "\n";
}

std::string versions(const CardFacts& facts) {
  std::string text = "### Framework Versions\n";
  for (const auto& [name, version] : facts.versions)
    text += fmt::format("- {}: {}\n", name, version);
  return text + "\n";
}

std::string training(const CardFacts& facts, const CardProgress& progress) {
  std::string text = "## Training Details\n\n### Training Dataset\n\n" +
                     dataset_section(facts, facts.training, "training");
  if (facts.evaluation)
    text += "### Evaluation Dataset\n\n" + dataset_section(facts, *facts.evaluation, "evaluation");
  return text + hyperparameters(facts) + training_logs(facts, progress) + impact(facts, progress) +
         versions(facts);
}

std::string citations(const CardFacts& facts) {
  std::string text =
      "## Additional Resources\n\n- [Training and finetuning reranker models]"
      "(https://huggingface.co/blog/train-reranker)\n\n## Citation\n\n### BibTeX\n\n";
  text += fmt::format("#### Sentence Transformers\n```bibtex\n{}\n```\n", sentence_bert_citation());
  if (const auto loss = loss_citation(facts.loss); !loss.empty())
    text += fmt::format("\n#### {}\n```bibtex\n{}\n```\n", facts.loss, loss);
  return text;
}

}  // namespace

std::string model_card(const CardFacts& facts, const CardProgress& progress) {
  return card_metadata(facts, progress) + "\n" + introduction(facts) + description(facts) +
         usage(facts, progress) + evaluation(facts, progress) + training(facts, progress) +
         citations(facts);
}

}  // namespace lambdaforge::experiments
