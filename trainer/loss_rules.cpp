#include "trainer/loss_rules.h"

#include <fmt/format.h>

#include <stdexcept>

#include "losses/registry.h"

namespace lambdaforge::trainer {
namespace {

void check_loss(const Config& config) {
  const losses::LossNeeds needs = losses::loss_needs(config.loss.name);
  const int64_t num_labels = config.model.num_labels;
  if (needs.classes && num_labels == 1)
    throw std::invalid_argument(fmt::format(
        "loss.name = {} chooses between classes, but model.num_labels = 1; set it to the number of "
        "classes, or use BinaryCrossEntropyLoss",
        config.loss.name));
  if (!needs.classes && num_labels != 1)
    throw std::invalid_argument(
        fmt::format("model.num_labels = {}, but loss.name = {} needs one score a pair; set it to "
                    "1, or use CrossEntropyLoss",
                    num_labels, config.loss.name));
  if (num_labels != 1 && !config.evaluation.nano_beir.empty())
    throw std::invalid_argument(fmt::format(
        "evaluation.nano_beir ranks by one score a pair, but model.num_labels = {}; leave it out",
        num_labels));
  if (needs.micro_batches && config.training.micro_batch_tokens == 0)
    throw std::invalid_argument(
        fmt::format("loss.name = {} needs training.micro_batch_tokens, the tokens whose "
                    "activations are in memory at a time; 16384 suits a CPU",
                    config.loss.name));
}

}  // namespace

losses::Loss make_loss(const Config& config) {
  check_loss(config);
  return losses::build_loss(config.loss);
}

}  // namespace lambdaforge::trainer
