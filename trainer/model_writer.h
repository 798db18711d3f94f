// The models that a run leaves: checkpoints and the final one, each with its card.
#pragma once

#include <optional>

#include "experiments/report/model_cards.h"
#include "models/pretrained.h"
#include "trainer/checkpoint.h"
#include "trainer/run_folder.h"

namespace lambdaforge::trainer {

// What a run has taken by the time that a model is saved, earlier parts included.
struct RunCosts {
  double seconds = 0;                             // evaluations included
  std::optional<experiments::CardEnergy> energy;  // none: not measured
};

// Rank 0 has one. Everything referred to must outlive it.
class ModelWriter {
 public:
  ModelWriter(const RunFolder& folder, models::Pretrained& pretrained, const AdamW& optimizer,
              experiments::CardFacts facts);

  // What became of the cards of the run's earlier parts; empty: all is well.
  const std::string& notice() const { return cards_.notice(); }

  // Both throw std::runtime_error when the disk refuses.
  void save_checkpoint(const Progress& progress, const RunCosts& costs);
  // The weights as they are, or those of the best checkpoint.
  void save_final(const Progress& progress, bool of_best, const RunCosts& costs);

 private:
  // The card of the model as it is now, to be saved under this name.
  std::string card_of(const std::filesystem::path& model, int64_t step,
                      const experiments::TrainerState& state, const RunCosts& costs);

  const RunFolder& folder_;
  models::Pretrained& pretrained_;
  const AdamW& optimizer_;
  experiments::ModelCards cards_;
};

}  // namespace lambdaforge::trainer
