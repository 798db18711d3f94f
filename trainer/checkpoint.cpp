#include "trainer/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "models/safetensors.h"
#include "trainer/run_folder.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string to_json(const ResumePoint& point) {
  return json{{"seed", point.seed},
              {"lists_per_step", point.lists_per_step},
              {"num_train_lists", point.num_train_lists},
              {"loss_since_log", point.loss_since_log},
              {"steps_since_log", point.steps_since_log},
              {"loss_total", point.loss_total},
              {"restarts", point.restarts},
              {"seconds", point.seconds},
              {"evaluation_due", point.evaluation_due}}
             .dump(2) +
         "\n";
}

ResumePoint read_point(const fs::path& file) {
  try {
    const json stored = json::parse(read_file(file));
    return {stored.at("seed"),           stored.at("lists_per_step"),  stored.at("num_train_lists"),
            stored.at("loss_since_log"), stored.at("steps_since_log"), stored.at("loss_total"),
            stored.at("restarts"),       stored.at("seconds"),         stored.at("evaluation_due")};
  } catch (const json::exception& error) {
    throw std::invalid_argument(fmt::format("{}: damaged: {}", file.string(), error.what()));
  }
}

template <typename Value>
void expect_same(const fs::path& folder, const char* what, Value saved, Value now) {
  if (saved == now) return;
  throw std::invalid_argument(
      fmt::format("{} was saved with {} = {}, this run has {}: it could not go on with the same "
                  "batches; restore the old value or "
                  "start a new run under another run.name",
                  folder.string(), what, saved, now));
}

// It lies beside the one that the run goes on from, wherever that was moved; nullopt: it is gone.
std::optional<std::string> locate(const std::optional<std::string>& best, const fs::path& folder) {
  if (!best) return std::nullopt;
  const fs::path name = fs::path(*best).filename();
  const fs::path own = folder.has_filename() ? folder : folder.parent_path();
  for (const fs::path& path : {own.parent_path() / name, fs::path(*best)})
    if (fs::exists(path)) return path.string();
  return std::nullopt;
}

}  // namespace

void save_checkpoint(const fs::path& folder, const models::Pretrained& pretrained,
                     const AdamW& optimizer, const experiments::TrainerState& state,
                     const ResumePoint& point, const std::string& model_card) {
  write_folder_atomically(folder, [&](const fs::path& temporary) {
    models::save_pretrained(pretrained, temporary);
    models::save_safetensors(temporary / "optimizer.safetensors", optimizer.state());
    write_file_atomically(temporary / "README.md", model_card);
    write_file_atomically(temporary / "resume.json", to_json(point));
    experiments::save_trainer_state(temporary / "trainer_state.json", state);
  });
}

Progress load_checkpoint(const fs::path& folder, const models::CrossEncoder& model,
                         AdamW& optimizer, const ResumePoint& expected) {
  Progress progress{experiments::load_trainer_state(folder / "trainer_state.json"),
                    read_point(folder / "resume.json")};
  expect_same(folder, "training.seed", progress.point.seed, expected.seed);
  expect_same(folder,
              "lists a step (per_device_train_batch_size x ranks x gradient_accumulation_steps)",
              progress.point.lists_per_step, expected.lists_per_step);
  expect_same(folder, "training lists", progress.point.num_train_lists, expected.num_train_lists);
  models::load_parameters(folder / "model.safetensors", model);
  optimizer.load_state(models::load_safetensors(folder / "optimizer.safetensors"));
  auto& best = progress.state.best_model_checkpoint;
  best = locate(best, folder);
  return progress;
}

}  // namespace lambdaforge::trainer
