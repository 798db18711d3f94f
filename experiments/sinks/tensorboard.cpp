#include "experiments/sinks/tensorboard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

#include "base/process.h"
#include "experiments/sinks/scalars.h"

namespace lambdaforge::experiments {
namespace {

constexpr const char* kHparams = ".hparams";

// TensorBoard shows texts as Markdown; indented, nothing in them is markup.
std::string verbatim(const std::string& text) {
  std::istringstream lines(text);
  std::string block;
  for (std::string line; std::getline(lines, line);) block += "    " + line + "\n";
  return block;
}

std::string describe(const std::vector<std::pair<std::string, std::string>>& environment) {
  std::string text;
  for (const auto& [name, value] : environment) text += fmt::format("{}: {}\n", name, value);
  return text;
}

void remove_hparams(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == kHparams) std::filesystem::remove(entry.path());
}

}  // namespace

std::string tensorboard_tag(const std::string& name) {
  for (const std::string group : {"eval", "test"})
    if (name.starts_with(group + "_")) return group + "/" + name.substr(group.size() + 1);
  return "train/" + name;
}

void TensorBoardSink::handle(const Event& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) return start(event.time, *run);
  if (!file_) return;
  if (const auto scalars = scalars_of(event.what)) {
    Metrics tagged;
    for (const auto& [name, value] : scalars->metrics)
      tagged.emplace_back(tensorboard_tag(name), value);
    if (scalars->epoch) tagged.emplace_back("train/epoch", *scalars->epoch);
    file_->add_scalars(event.time, scalars->step, tagged);
    last_step_ = scalars->step;
  }
  if (std::holds_alternative<EvaluationFinished>(event.what)) tick();
  if (const auto* notice = std::get_if<Notice>(&event.what))
    file_->add_text(event.time, last_step_, "notice/text_summary", verbatim(notice->text));
  // A stopped run goes on in the next process: its session has no end yet.
  if (std::holds_alternative<RunFinished>(event.what)) end(event.time, true);
  if (std::holds_alternative<RunFailed>(event.what)) end(event.time, false);
}

void TensorBoardSink::tick() {
  if (file_) file_->flush();
}

// Readers take the files of a folder in the order of their names, and leave one for good when there
// is a next; so the hyperparameters come before the scalars, and the end after them.
void TensorBoardSink::start(Time time, const RunStarted& run) {
  folder_ = std::filesystem::path(run.folder) / "tensorboard";
  std::filesystem::create_directories(folder_);
  remove_hparams(folder_);
  tensorboard::EventFile hparams(new_file(time, kHparams), time);
  hparams.add_hparams(time, run.project + "/" + run.name, run.parameters);
  hparams.flush();

  last_step_ = run.first_step;
  file_.emplace(new_file(time, ""), time);
  file_->add_session_start(time, run.first_step == 0 ? 0 : run.first_step + 1);
  file_->add_text(time, run.first_step, "recipe/text_summary", verbatim(run.configuration));
  file_->add_text(time, run.first_step, "environment/text_summary",
                  verbatim(describe(run.environment)));
  file_->flush();
}

void TensorBoardSink::end(Time time, bool success) {
  tick();
  tensorboard::EventFile file(new_file(time, kHparams), time);
  file.add_session_end(time, success);
  file.flush();
}

// events.out.tfevents.<seconds>.<host>.<process>.<number>
std::filesystem::path TensorBoardSink::new_file(Time time, const std::string& suffix) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return folder_ / fmt::format("events.out.tfevents.{:010}.{}.{}.{}{}", seconds, host_name(),
                               getpid(), files_++, suffix);
}

}  // namespace lambdaforge::experiments
