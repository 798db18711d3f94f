#include "losses/per_list.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace lambdaforge::losses {
namespace {

// A scalar of which the gradient with respect to `scores` is known already.
struct KnownGradient : torch::autograd::Function<KnownGradient> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& scores,
                            const at::Tensor& gradient, double value) {
    context->save_for_backward({gradient});
    return at::full({}, value, scores.options());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& outer) {
    const at::Tensor gradient = context->get_saved_variables().front();
    return {outer.front() * gradient, at::Tensor(), at::Tensor()};
  }
};

void check_offsets(const ListOffsets& lists) {
  const std::vector<int64_t>& offsets = lists.offsets;
  if (offsets.empty() || offsets.front() != 0 || !std::ranges::is_sorted(offsets)) {
    throw std::invalid_argument(
        "the offsets of the lists must start with 0 and never fall: one entry more than there are "
        "lists");
  }
}

void check_vector(std::string_view name, const at::Tensor& tensor, int64_t num_pairs) {
  if (tensor.dim() != 1 || tensor.numel() != num_pairs || !at::isFloatingType(tensor.scalar_type()))
    throw std::invalid_argument(fmt::format(
        "{} of the shape [{}] and the type {} came, but the lists hold {} pairs: give "
        "one floating-point number for each pair",
        name, fmt::join(tensor.sizes(), ", "), at::toString(tensor.scalar_type()), num_pairs));
}

void check_labels(std::span<const double> labels) {
  const auto bad = std::ranges::find_if_not(labels, [](double y) { return std::isfinite(y); });
  if (bad == labels.end()) return;
  throw std::invalid_argument(fmt::format("the label of pair {} is {}, but labels must be finite",
                                          bad - labels.begin(), *bad));
}

at::Tensor to_host(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU, at::kDouble).contiguous();
}

std::span<const double> view(const at::Tensor& host) {
  return {host.const_data_ptr<double>(), static_cast<size_t>(host.numel())};
}

LossTerm evaluate(const ListLoss& loss, const at::Tensor& scores, const at::Tensor& labels,
                  const ListOffsets& lists) {
  check_offsets(lists);
  check_vector("scores", scores, lists.num_pairs());
  check_vector("labels", labels, lists.num_pairs());
  const at::Tensor host_scores = to_host(scores);     // [pairs]
  const at::Tensor host_labels = to_host(labels);     // [pairs]
  at::Tensor gradient = at::zeros_like(host_scores);  // [pairs]
  check_labels(view(host_labels));

  const std::span<double> gradients(gradient.mutable_data_ptr<double>(), view(host_scores).size());
  ListTerm total;
  for (int64_t list = 0; list < lists.num_lists(); ++list) {
    const size_t first = lists.offsets[list];
    const size_t size = lists.offsets[list + 1] - first;
    const ListTerm term =
        loss(view(host_scores).subspan(first, size), view(host_labels).subspan(first, size),
             gradients.subspan(first, size));
    total.sum += term.sum;
    total.count += term.count;
  }
  return {KnownGradient::apply(scores, gradient.to(scores.options()), total.sum), total.count};
}

}  // namespace

Loss sum_over_lists(ListLoss loss) {
  return [loss = std::move(loss)](const at::Tensor& scores, const at::Tensor& labels,
                                  const ListOffsets& lists) {
    return evaluate(loss, scores, labels, lists);
  };
}

}  // namespace lambdaforge::losses
