// A run's totals over its nodes, on one rank: its own node's as its meter shows them, the others'
// as of the last exchange between ranks.
#pragma once

#include <optional>

#include "experiments/energy/energy.h"

namespace lambdaforge::experiments::energy {

using Watts = std::array<double, kNumComponents>;

// Not thread-safe.
class NodeSums {
 public:
  // `before`: what was consumed already, by earlier parts of the run.
  explicit NodeSums(const Totals& before);

  // What this rank adds to the sum over ranks; then the sum itself, at `now` [s on a clock that
  // nobody sets].
  TotalsNumbers share(const Totals& mine);
  void exchanged(const TotalsNumbers& sum, double now);

  Totals sum() const;                      // as of the last exchange
  Totals whole(const Totals& mine) const;  // up to `mine`

  // Power of all nodes. An evaluation may last minutes without an exchange, and all that the others
  // consumed meanwhile comes with the next one. So each has its own time: this node's is since the
  // call before (a call less than a second later tells the same), the others' is between exchanges,
  // ten seconds of them, for their meters show a new figure but once a second.
  Watts watts(const Totals& mine);

 private:
  struct Past {
    TotalsNumbers numbers{};
    double at = 0;
  };

  TotalsNumbers share_{};
  TotalsNumbers others_{};  // the sum without it
  TotalsNumbers sum_{};
  Totals interval_start_;
  Watts my_watts_{};
  std::optional<Past> others_before_;  // none: nothing was exchanged yet
  Watts others_watts_{};
  bool others_are_known_ = false;  // over a whole interval
};

}  // namespace lambdaforge::experiments::energy
