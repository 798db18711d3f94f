#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {
namespace {

// A world of one: every sum is done before it starts.
class LocalCommunicator : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_rank() const override { return 0; }
  int local_size() const override { return 1; }
  void start_sum(const at::Tensor&) override {}
  void progress() override {}
  void finish_sums() override {}
  void broadcast(const at::Tensor&) override {}
  std::vector<double> sum(std::vector<double> values) override { return values; }
  std::string broadcast(std::string text) override { return text; }
  std::vector<std::string> gather(const std::string& text) override { return {text}; }
  void shut_down() override {}
};

}  // namespace

std::unique_ptr<Communicator> make_local_communicator() {
  return std::make_unique<LocalCommunicator>();
}

}  // namespace lambdaforge::trainer
