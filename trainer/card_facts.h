// What the model cards of a run tell, gathered where everything is at hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/event.h"
#include "experiments/report/card_facts.h"
#include "models/pretrained.h"
#include "trainer/config.h"
#include "trainer/training_data.h"

namespace lambdaforge::trainer {

struct CardSources {
  const Config& config;
  const models::Pretrained& pretrained;
  const TrainingData& data;
  const std::vector<std::string>& metric_names;  // eval_..., as Validator reports them
  const std::vector<std::pair<std::string, std::string>>& environment;
  const std::vector<experiments::RankInfo>& ranks;
};

// Reads the first lists of the data's files; throws what read_lists throws.
experiments::CardFacts gather_card_facts(const CardSources& sources);

// What CrossEncoder.predict would say of the usage's pairs: activated scores [pairs * labels].
std::vector<double> score_usage(const std::vector<std::string>& usage_pairs,
                                const models::Pretrained& pretrained);

}  // namespace lambdaforge::trainer
