#include "trainer/first_notices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "losses/registry.h"
#include "trainer/config_fields.h"

namespace lambdaforge::trainer {

namespace {

// What was set and the loss does not read: perhaps it was meant for another loss.
std::vector<std::string> unread_loss_options(const Config& config) {
  const std::vector<std::string> read = losses::loss_options(config.loss.name);
  const experiments::Parameters defaults = parameters_of(Config());
  std::vector<std::string> unread;
  for (const auto& parameter : parameters_of(config)) {
    constexpr std::string_view kSection = "loss.";
    if (!parameter.first.starts_with(kSection) || parameter.first == "loss.name") continue;
    const std::string option = parameter.first.substr(kSection.size());
    const bool is_set = std::ranges::find(defaults, parameter) == defaults.end();
    if (is_set && std::ranges::find(read, option) == read.end()) unread.push_back(parameter.first);
  }
  return unread;
}

}  // namespace

std::vector<std::string> first_notices(const Config& config, const models::Pretrained& pretrained,
                                       const TrainingData& data, int64_t steps_per_epoch) {
  const ListStatistics statistics = data.train_store.statistics();
  std::vector<std::string> notices = {
      fmt::format("{} lists to train on, {} held out; {:.1f} documents a list; {} steps an epoch",
                  data.train_lists.size(), data.eval_lists.size(), statistics.mean_documents(),
                  steps_per_epoch)};
  if (statistics.single_document_lists > 0 && losses::loss_needs(config.loss.name).list)
    notices.push_back(fmt::format("{} lists have one document: nothing is learned from them",
                                  statistics.single_document_lists));
  if (statistics.lists_without_positive > 0)
    notices.push_back(
        fmt::format("{} lists have no label above 0", statistics.lists_without_positive));
  if (const auto unread = unread_loss_options(config); !unread.empty())
    notices.push_back(fmt::format("{} does not read {}; it reads {}", config.loss.name,
                                  fmt::join(unread, ", "),
                                  fmt::join(losses::loss_options(config.loss.name), ", ")));
  if (!pretrained.missing.empty())
    notices.push_back(fmt::format("initialised from the seed, not loaded: {}",
                                  fmt::join(pretrained.missing, ", ")));
  if (!pretrained.unused.empty())
    notices.push_back(fmt::format("{} tensors of the file have no place in this model, such as {}",
                                  pretrained.unused.size(), pretrained.unused.front()));
  return notices;
}

}  // namespace lambdaforge::trainer
