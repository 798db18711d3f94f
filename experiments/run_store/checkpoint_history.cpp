#include "experiments/run_store/checkpoint_history.h"

#include <algorithm>
#include <set>

namespace lambdaforge::experiments {

void add_missing(RunRows& rows, const TrainerState& state, double time) {
  std::set<std::pair<int32_t, int64_t>> known;
  for (const ScalarRow& row : rows.scalars) known.emplace(row.series, row.step);
  for (const Metrics& figures : state.log_history) {
    const auto found = std::find_if(figures.begin(), figures.end(),
                                    [](const auto& figure) { return figure.first == "step"; });
    if (found == figures.end()) continue;
    const auto step = static_cast<int64_t>(found->second);
    for (const auto& [name, value] : figures) {
      if (name == "step" || name.starts_with("train_")) continue;
      if (known.emplace(rows.series.number_of(NameRow(name).text()), step).second)
        rows.add_scalar(name, step, time, value);
    }
  }
}

}  // namespace lambdaforge::experiments
