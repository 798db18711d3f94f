// From a function of one list to a Loss: what every list-wise loss shares.
#pragma once

#include <functional>
#include <span>

#include "losses/loss.h"

namespace lambdaforge::losses {

// What one list adds to LossTerm::sum and LossTerm::count.
struct ListTerm {
  double sum = 0;
  double count = 0;
};

// Value and gradient of one list in one pass: adds d sum / d scores to `gradient`.
// scores, labels, gradient: [documents of the list]; gradient starts at 0.
using ListLoss = std::function<ListTerm(
    std::span<const double> scores, std::span<const double> labels, std::span<double> gradient)>;

// The loss whose sum and count are those of its lists added up, in the order of the lists, in
// double. It runs on the host, whichever device the scores are on. That is fine because a batch is
// only hundreds or thousands of scores: the device waits for two small copies and a loop of about
// 25 ns a pair, little in a step of tens of milliseconds, and dozens of small kernels would cost
// about as much to launch.
// Empty lists and empty batches add nothing. The result is differentiable once (there is no
// gradient of the gradient). A NaN score makes every term that it is part of NaN, for the trainer
// to report.
Loss sum_over_lists(ListLoss loss);

}  // namespace lambdaforge::losses
