#include <fmt/format.h>

#include "launch/options/command_line.h"

namespace lambdaforge::launch {
namespace {

CLI::App* add(CLI::App& app, const char* name, const char* summary, std::string& folder) {
  CLI::App* command = app.add_subcommand(name, summary);
  command->add_option("--folder", folder, "Folder of the runs")
      ->type_name("FOLDER")
      ->capture_default_str();
  return command;
}

void add_run(CLI::App& command, std::string& run) {
  command.add_option("RUN", run, "A run's folder, or its path below --folder")
      ->required()
      ->type_name("");
}

CLI::App* define(CLI::App& app, RunsListOptions& options) {
  CLI::App* list = app.add_subcommand("list", "One line a run: status, steps, best figure");
  list->add_option("FOLDER", options.folder, "Folder of the runs")
      ->type_name("")
      ->capture_default_str();
  list->add_option("--where", options.where,
                   "Only runs for which this holds: a parameter, a metric (its last value) or one "
                   "of best, best_step, duration, name, path, project, status, step; then < <= > "
                   ">= = or != and a value. May be given several times")
      ->type_name("CONDITION")
      ->allow_extra_args(false);
  list->add_option("--sort", options.sort,
                   "By such a name or start, ascending; '-NAME' descending; 'best' puts the best "
                   "first")
      ->type_name("NAME")
      ->capture_default_str();
  list->add_option("--limit", options.limit, "The first N of them")
      ->type_name("N")
      ->check(at_least_one());
  list->add_flag("--json", options.json, "Print JSON: all parameters and metrics of each");
  list->footer(R"(
Examples:
  lambdaforge runs list
  lambdaforge runs list --where 'training.learning_rate < 3e-5' --sort best --limit 10
  lambdaforge runs list runs/wordnet --where 'status = running')");
  return list;
}

CLI::App* define(CLI::App& app, RunsShowOptions& options) {
  CLI::App* show = add(app, "show", "All that a run's file says, on a page", options.folder);
  add_run(*show, options.run);
  return show;
}

CLI::App* define(CLI::App& app, RunsCompareOptions& options) {
  CLI::App* compare =
      add(app, "compare", "Parameters that differ, and figures side by side", options.folder);
  compare->add_option("RUN", options.runs, "Two or more runs")
      ->required()
      ->type_name("")
      ->expected(2, 1000);
  compare->add_flag("--json", options.json, "Print one JSON object instead of tables");
  compare->footer(R"(
'lambdaforge compare RUN_A RUN_B' tests whether a difference between evaluations is real.)");
  return compare;
}

CLI::App* define(CLI::App& app, RunsExportOptions& options) {
  CLI::App* command = add(app, "export", "A run for other programs", options.folder);
  add_run(*command, options.run);
  command->add_option("--format", options.format, "csv, json, jsonl or parquet")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"csv", "json", "jsonl", "parquet"}))
      ->capture_default_str();
  command->add_option("--table", options.table, "Of csv and parquet: scalars or per_query")
      ->type_name("NAME")
      ->check(CLI::IsMember({"scalars", "per_query"}))
      ->capture_default_str();
  command->add_option("--output", options.output, "File to write, - for standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command->footer(R"(
  csv, parquet  one figure a row: step, time, name, value; or every query's value
  json          everything: parameters, environment, scalars, evaluations, checkpoints, log
  jsonl         one object a step; for Weights & Biases: run.log(row, step=row["_step"]) for each

Examples:
  lambdaforge runs export wordnet/first --output first.csv
  lambdaforge runs export wordnet/first --format parquet --output first.parquet)");
  return command;
}

void check(const RunsExportOptions& options, bool names_table) {
  if (options.format == "parquet" && options.output == "-")
    throw Answer(kUsageError,
                 "lambdaforge runs export: Parquet is no text: name a file by --output\n");
  if (names_table && options.format.starts_with("json"))
    throw Answer(kUsageError,
                 fmt::format("lambdaforge runs export: --table goes with csv and parquet only, got "
                             "--format {}\n'lambdaforge runs export --help' says what it holds.\n",
                             options.format));
}

CLI::App* define(CLI::App& app, RunsTailOptions& options) {
  CLI::App* tail = add(app, "tail", "The last steps of a run, and what is added", options.folder);
  add_run(*tail, options.run);
  tail->add_flag("-f,--follow", options.follow, "Go on as the run is written, until it ends");
  tail->add_option("-n,--lines", options.lines, "Lines to begin with")
      ->type_name("N")
      ->check(at_least(0))
      ->capture_default_str();
  return tail;
}

CLI::App* define(CLI::App& app, RunsRemoveOptions& options) {
  CLI::App* remove = add(app, "rm", "Delete runs, checkpoints and models included", options.folder);
  remove->add_option("RUN", options.runs, "Runs to delete")->required()->type_name("");
  remove->add_flag("--yes", options.yes, "Do not ask");
  remove->add_flag("--force", options.force, "Delete a run that is still running, too");
  return remove;
}

CLI::App* define(CLI::App& app, RunsImportOptions& options) {
  CLI::App* import =
      add(app, "import", "Put a run of Hugging Face's Trainer or sentence-transformers beside ours",
          options.folder);
  import
      ->add_option("SOURCE", options.source,
                   "Its output folder, or a checkpoint: what holds trainer_state.json")
      ->required()
      ->type_name("");
  import->add_option("--project", options.project, "Project to put it into")
      ->type_name("NAME")
      ->capture_default_str();
  import->add_option("--name", options.name, "The run's name [the source's]")->type_name("NAME");
  return import;
}

}  // namespace

RunsOptions parse_runs(const Arguments& arguments) {
  CLI::App app(kRunsSummary, "lambdaforge runs");
  app.require_subcommand(1);
  app.footer(R"(
Examples:
  lambdaforge runs list --where 'training.learning_rate < 3e-5' --sort best
  lambdaforge runs show wordnet/first
  lambdaforge runs tail wordnet/first --follow)");
  RunsListOptions list;
  RunsShowOptions show;
  RunsCompareOptions compare;
  RunsExportOptions exporting;
  RunsTailOptions tail;
  RunsRemoveOptions remove;
  RunsImportOptions import;
  const CLI::App* chose_list = define(app, list);
  const CLI::App* chose_show = define(app, show);
  const CLI::App* chose_compare = define(app, compare);
  const CLI::App* chose_export = define(app, exporting);
  const CLI::App* chose_tail = define(app, tail);
  const CLI::App* chose_remove = define(app, remove);
  define(app, import);
  parse(app, arguments);
  if (chose_export->parsed()) check(exporting, chose_export->count("--table") > 0);
  if (chose_list->parsed()) return list;
  if (chose_show->parsed()) return show;
  if (chose_compare->parsed()) return compare;
  if (chose_export->parsed()) return exporting;
  if (chose_tail->parsed()) return tail;
  if (chose_remove->parsed()) return remove;
  return import;
}

}  // namespace lambdaforge::launch
