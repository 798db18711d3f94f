#include "trainer/energy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace lambdaforge::trainer {

using experiments::energy::RunEnergy;

namespace {

void exchange(RunEnergy& energy, int64_t step, Communicator& communicator) {
  const auto share = energy.share();
  const std::vector<double> sums = communicator.sum({share.begin(), share.end()});
  experiments::energy::TotalsNumbers sum;
  std::ranges::copy(sums, sum.begin());
  energy.exchanged(sum, step);
}

}  // namespace

std::unique_ptr<RunEnergy> start_energy(const Config& config, const std::string& run,
                                        const std::filesystem::path& folder, int64_t step,
                                        const std::vector<experiments::RankInfo>& ranks,
                                        Communicator& communicator, experiments::Tracker& tracker) {
  const auto processes = communicator.gather(std::to_string(getpid()));
  experiments::energy::RunPlace place;
  place.project = config.run.project;
  place.name = run;
  place.folder = folder;
  place.rank = communicator.rank();
  place.local_rank = communicator.local_rank();
  place.goes_on = !config.training.resume_from_checkpoint.empty();
  const std::string& host = ranks[static_cast<size_t>(place.rank)].host;
  for (const experiments::RankInfo& info : ranks) {
    if (info.host != host) continue;
    place.processes.push_back(std::stoi(processes[static_cast<size_t>(info.rank)]));
    if (!info.gpu_uuid.empty()) place.gpus.push_back(info.gpu_uuid);
  }
  auto energy = std::make_unique<RunEnergy>(config.tracking, std::move(place), tracker);
  exchange(*energy, step, communicator);  // what earlier parts consumed is known to every rank
  return energy;
}

std::vector<std::string> describe(const RunEnergy& energy, Communicator& communicator) {
  const auto texts = communicator.gather(fmt::format("{}", fmt::join(energy.descriptions(), "; ")));
  std::set<std::string> distinct(texts.begin(), texts.end());
  distinct.erase("");
  return {distinct.begin(), distinct.end()};
}

void stop_energy(RunEnergy& energy, int64_t step, Communicator& communicator) {
  energy.stop();
  exchange(energy, step, communicator);
  energy.finish();
}

}  // namespace lambdaforge::trainer
