#include "experiments/report/model_cards.h"

#include <fmt/format.h>

#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;

fs::path card_file(const fs::path& run_folder) {
  return run_folder / "card.json";
}

// A checkpoint has its own state; the final model has the run's.
fs::path state_file(const fs::path& run_folder, const std::string& model) {
  const fs::path own = run_folder / model / "trainer_state.json";
  return fs::exists(own) ? own : run_folder / "trainer_state.json";
}

}  // namespace

ModelCards::ModelCards(fs::path run_folder, CardFacts facts) : run_folder_(std::move(run_folder)) {
  try {
    if (fs::exists(card_file(run_folder_))) file_ = load_card_file(card_file(run_folder_));
  } catch (const std::invalid_argument& error) {
    notice_ = fmt::format(
        "{}; `lambdaforge card` leaves the README.md of earlier checkpoints as they are",
        error.what());
  }
  file_.facts = std::move(facts);
}

std::string ModelCards::add(const std::string& model, const TrainerState& state,
                            CardSnapshot snapshot) {
  std::erase_if(file_.models, [this](const auto& known) {
    return !fs::exists(run_folder_ / known.first);  // deleted since
  });
  file_.models[model] = snapshot;
  save_card_file(card_file(run_folder_), file_);
  return model_card(file_.facts, {state, std::move(snapshot)});
}

std::vector<fs::path> rewrite_model_cards(const fs::path& run_folder) {
  if (!fs::exists(card_file(run_folder)))
    throw std::invalid_argument(
        fmt::format("{} is no run with model cards: it has no card.json; give the folder that "
                    "`lambdaforge train` filled, such as runs/<project>/<name>",
                    run_folder.string()));
  const CardFile file = load_card_file(card_file(run_folder));
  std::vector<fs::path> written;
  for (const auto& [model, snapshot] : file.models) {
    if (!fs::exists(run_folder / model)) continue;
    const TrainerState state = load_trainer_state(state_file(run_folder, model));
    written.push_back(run_folder / model / "README.md");
    write_file_atomically(written.back(), model_card(file.facts, {state, snapshot}));
  }
  return written;
}

}  // namespace lambdaforge::experiments
