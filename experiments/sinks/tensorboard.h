// Event files for TensorBoard in <run folder>/tensorboard: scalars, texts, hyperparameters.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "experiments/tensorboard/event_file.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

// "eval_loss" -> "eval/loss", "loss" -> "train/loss": the names of Hugging Face's
// TensorBoardCallback, so that its runs and ours lie on the same plots.
std::string tensorboard_tag(const std::string& name);

// A start of a run adds a file of scalars and texts; a resumed run makes readers forget the steps
// that it does again. Hyperparameters and how the session ended lie in files of their own
// (*.hparams), which the next start removes: readers keep the first of each that they meet.
//
// No summary describes the experiment: TensorBoard takes one of them for all runs, and with it the
// hyperparameters' ranges of that run alone; without any it works both out from all runs.
//
// Written about once a second, and at evaluations. Scalars are float32, as TensorBoard's are.
class TensorBoardSink : public Sink {
 public:
  std::string name() const override { return "tensorboard"; }
  // Throw std::runtime_error that names the file when it cannot be written.
  void handle(const Event& event) override;
  void tick() override;
  void finish() override { tick(); }

 private:
  using Time = tensorboard::Time;

  void start(Time time, const RunStarted& run);
  void end(Time time, bool success);
  std::filesystem::path new_file(Time time, const std::string& suffix);

  std::filesystem::path folder_;
  std::optional<tensorboard::EventFile> file_;
  int64_t last_step_ = 0;
  int files_ = 0;
};

}  // namespace lambdaforge::experiments
