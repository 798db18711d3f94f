#include "trainer/model_writer.h"

#include "base/files.h"
#include "trainer/card_facts.h"

namespace lambdaforge::trainer {
namespace {

double evaluation_seconds(const experiments::TrainerState& state) {
  double seconds = 0;
  for (const experiments::Metrics& row : state.log_history)
    for (const auto& [name, value] : row)
      if (name == "eval_runtime") seconds += value;
  return seconds;
}

}  // namespace

ModelWriter::ModelWriter(const RunFolder& folder, models::Pretrained& pretrained,
                         const AdamW& optimizer, experiments::CardFacts facts)
    : folder_(folder),
      pretrained_(pretrained),
      optimizer_(optimizer),
      cards_(folder.path(), std::move(facts)) {}

void ModelWriter::save_checkpoint(const Progress& progress, const RunCosts& costs) {
  const auto& [state, point] = progress;
  const std::filesystem::path checkpoint = folder_.checkpoint(state.global_step);
  trainer::save_checkpoint(checkpoint, pretrained_, optimizer_, state, point,
                           card_of(checkpoint, state.global_step, state, costs));
}

void ModelWriter::save_final(const Progress& progress, bool of_best, const RunCosts& costs) {
  const experiments::TrainerState& state = progress.state;
  int64_t step = state.global_step;
  if (of_best) {
    const std::filesystem::path best = *state.best_model_checkpoint;
    models::load_parameters(best / "model.safetensors", pretrained_.model);
    step = experiments::load_trainer_state(best / "trainer_state.json").global_step;
  }
  const std::string card = card_of(folder_.final_model(), step, state, costs);
  write_folder_atomically(folder_.final_model(), [&](const auto& temporary) {
    models::save_pretrained(pretrained_, temporary);
    write_file_atomically(temporary / "README.md", card);
  });
}

std::string ModelWriter::card_of(const std::filesystem::path& model, int64_t step,
                                 const experiments::TrainerState& state, const RunCosts& costs) {
  const double evaluating = evaluation_seconds(state);
  experiments::CardSnapshot snapshot;
  snapshot.step = step;
  snapshot.training_seconds = costs.seconds - evaluating;
  snapshot.evaluation_seconds = evaluating;
  snapshot.energy = costs.energy;
  snapshot.usage_scores = score_usage(cards_.facts().usage_pairs, pretrained_);
  return cards_.add(model.filename().string(), state, std::move(snapshot));
}

}  // namespace lambdaforge::trainer
