// The model cards of a run: README.md of every checkpoint and of the final model.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/report/model_card.h"

namespace lambdaforge::experiments {

class ModelCards {
 public:
  // Snapshots of an earlier part of the run are taken over from <run>/card.json. A damaged file, or
  // one of an older version, is begun anew: a card must not end a run. Throws std::runtime_error
  // when the file cannot be read.
  ModelCards(std::filesystem::path run_folder, CardFacts facts);

  // What is wrong with the earlier part's file; empty: nothing.
  const std::string& notice() const { return notice_; }
  const CardFacts& facts() const { return file_.facts; }

  // The card of the model that is about to be saved in <run>/<model>; its snapshot is in card.json
  // when this returns. Throws std::runtime_error when the disk refuses.
  std::string add(const std::string& model, const TrainerState& state, CardSnapshot snapshot);

 private:
  std::filesystem::path run_folder_;
  CardFile file_;
  std::string notice_;
};

// README.md of every model of a run, made again; returns the files that were written. Throws
// std::invalid_argument when the folder is no run that has cards, std::runtime_error when a file
// cannot be read or written.
std::vector<std::filesystem::path> rewrite_model_cards(const std::filesystem::path& run_folder);

}  // namespace lambdaforge::experiments
