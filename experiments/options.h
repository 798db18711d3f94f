// What a run's tracking can be asked for: the [tracking] section of a recipe.
#pragma once

namespace lambdaforge::experiments {

// One switch a sink (see sinks/registry.h), then what each of them needs to know.
struct TrackingOptions {
  bool console = true;
  bool csv = true;
  bool store = true;  // run.h5

  bool operator==(const TrackingOptions&) const = default;
};

}  // namespace lambdaforge::experiments
