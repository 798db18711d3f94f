#include "trainer/initial_model.h"

#include "trainer/parallel/rank_info.h"

namespace lambdaforge::trainer {

models::Pretrained load_initial_model(const ModelConfig& config, uint64_t seed,
                                      Communicator& communicator) {
  models::Pretrained pretrained = models::load_pretrained(
      config.path, {.num_labels = config.num_labels,
                    .num_hidden_layers = config.num_hidden_layers,
                    .hidden_dropout_prob = config.hidden_dropout_prob,
                    .attention_probs_dropout_prob = config.attention_probs_dropout_prob,
                    .classifier_dropout = config.classifier_dropout,
                    .max_length = config.max_length,
                    .seed = seed});
  pretrained.model.to(choose_device(communicator));
  for (const models::Parameter& parameter : pretrained.model.parameters())
    communicator.broadcast(parameter.tensor.detach());
  return pretrained;
}

}  // namespace lambdaforge::trainer
