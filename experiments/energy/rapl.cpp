#include "experiments/energy/rapl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/files.h"
#include "base/numbers.h"

namespace lambdaforge::experiments::energy {
namespace {

namespace fs = std::filesystem;

constexpr double kJoulesPerCount = 1e-6;  // energy_uj: microjoules

// Two views of one counter are read one after the other and so differ a little (CodeCarbon 3.3.2,
// core/rapl.py: 1e-6 of the counter, or 1 J).
constexpr double kMirrorShare = 1e-6;
constexpr double kMirrorJoules = 1;
// Only after so much can two processors that merely started alike be told apart, by a hundredth of
// it: an idle package takes about 15 s for it.
constexpr double kConclusiveJoules = 300;
constexpr double kConclusiveShare = 0.01;

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

double read_count(const fs::path& path) {
  const std::string text = trimmed(read_file(path));
  const auto count = read_number<double>(text);
  if (!count)
    throw std::runtime_error(fmt::format("{} holds '{}' instead of a number", path.string(), text));
  return *count;
}

bool alike(double a, double b) {
  return std::abs(a - b) <= std::max(kMirrorShare * std::max(a, b), kMirrorJoules);
}

// "intel-rapl:0:1" -> "intel-rapl:0"
std::string parent_of(const std::string& entry) {
  return entry.substr(0, entry.rfind(':'));
}

bool is_mmio(const RaplDomain& domain) {
  return domain.folder().filename().string().starts_with("intel-rapl-mmio");
}

// By what makes it one piece of hardware.
using Found = std::map<std::string, RaplDomain>;

void keep_better(Found& found, const std::string& hardware, RaplDomain domain) {
  const auto known = found.find(hardware);
  if (known == found.end())
    found.emplace(hardware, std::move(domain));
  else if (is_mmio(domain) && !is_mmio(known->second))
    known->second = std::move(domain);
}

std::vector<RaplDomain> values(Found& found) {
  std::vector<RaplDomain> domains;
  for (auto& [hardware, domain] : found) domains.push_back(std::move(domain));
  return domains;
}

}  // namespace

RaplDomain::RaplDomain(fs::path folder, std::string name)
    : folder_(std::move(folder)), name_(std::move(name)) {
  try {
    last_ = first_joules_ = read_count(folder_ / "energy_uj") * kJoulesPerCount;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}; to permit reading: sudo chmod a+r {}/*/energy_uj",
                                         error.what(), folder_.parent_path().string()));
  }
  try {
    range_ = read_count(folder_ / "max_energy_range_uj") * kJoulesPerCount;
  } catch (const std::runtime_error&) {
    range_ = 0;  // a wrap-around cannot be told from a reset then
  }
}

std::optional<double> RaplDomain::joules() try {
  const double now = read_count(folder_ / "energy_uj") * kJoulesPerCount;
  double difference = now - last_;
  if (difference < 0) difference += range_;
  joules_ += std::max(difference, 0.0);
  last_ = now;
  problem_.clear();
  return joules_;
} catch (const std::runtime_error& error) {
  problem_ = error.what();
  return std::nullopt;
}

RaplDomains find_rapl_domains(const fs::path& root) {
  Found packages, psys, dram;
  std::error_code error;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root, error))
    if (entry.path().filename().string().starts_with("intel-rapl") &&
        fs::exists(entry.path() / "energy_uj"))
      folders.push_back(entry.path());
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    const std::string entry = folder.filename().string();
    const std::string name = trimmed(read_file(folder / "name"));
    if (name.find("package") != name.npos)
      keep_better(packages, name, {folder, name});
    else if (name == "psys")
      keep_better(psys, name, {folder, name});
    else if (name.find("dram") != name.npos)
      keep_better(dram, parent_of(entry) + "/" + name, {folder, name});
  }
  return {values(packages.empty() ? psys : packages), values(dram)};
}

RaplSource::RaplSource(Component component, std::vector<RaplDomain> domains,
                       std::unique_ptr<EnergySource> stand_in, Report report)
    : component_(component), stand_in_(std::move(stand_in)), report_(std::move(report)) {
  for (RaplDomain& domain : domains) {
    Counter counter{std::move(domain), std::nullopt, false};
    const double joules = counter.domain.first_joules();
    for (size_t i = 0; joules > 0 && i < counters_.size() && !counter.mirrors; ++i)
      if (!counters_[i].mirrors && alike(joules, counters_[i].domain.first_joules()))
        counter.mirrors = i;
    counters_.push_back(std::move(counter));
  }
}

std::string RaplSource::description() const {
  std::vector<std::string> names;
  for (const Counter& counter : counters_)
    if (!counter.mirrors) names.push_back(counter.domain.name());
  return fmt::format("{}: RAPL ({})", component_ == Component::kMemory ? "memory" : "CPU",
                     fmt::join(names, ", "));
}

double RaplSource::measure(double seconds) {
  const double estimate = stand_in_ ? stand_in_->measure(seconds) : 0;
  return total_.add(sum(), estimate);
}

// Joules of all counters since the start; nullopt when one of them cannot be read.
std::optional<double> RaplSource::sum() {
  std::vector<double> joules;
  for (Counter& counter : counters_) {
    const auto now = counter.dropped ? 0.0 : counter.domain.joules();
    if (!now) {
      if (!std::exchange(failing_, true))
        report_(fmt::format("energy: {}; until it can be read again, {}", counter.domain.problem(),
                            stand_in_ ? "this is estimated: " + stand_in_->description()
                                      : "nothing is counted for it"));
      return std::nullopt;
    }
    joules.push_back(*now);
  }
  failing_ = false;
  judge_mirrors(joules);
  double sum = 0;
  for (size_t i = 0; i < counters_.size(); ++i)
    if (!counters_[i].mirrors) sum += joules[i];
  return sum;
}

void RaplSource::judge_mirrors(const std::vector<double>& joules) {
  for (size_t i = 0; i < counters_.size(); ++i) {
    Counter& counter = counters_[i];
    if (!counter.mirrors || counter.dropped) continue;
    const double other = joules[*counter.mirrors];
    if (std::max(joules[i], other) < kConclusiveJoules) continue;
    if (std::abs(joules[i] - other) < kConclusiveShare * other)
      counter.dropped = true;
    else
      counter.mirrors.reset();  // its energy since the start counts from here on
  }
}

}  // namespace lambdaforge::experiments::energy
