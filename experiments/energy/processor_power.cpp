#include "experiments/energy/processor_power.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "base/numbers.h"
#include "experiments/energy/data/data.h"

namespace lambdaforge::experiments::energy {
namespace {

constexpr double kWattsPerThread = 4;
constexpr double kWattsOfNoModel = 85;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

void erase_all(std::string& text, std::string_view part) {
  for (size_t at; (at = text.find(part)) != text.npos;) text.erase(at, part.size());
}

// " @ 2.30GHz", wherever it stands.
void erase_frequency(std::string& text) {
  for (size_t at = text.find(" @"); at != text.npos; at = text.find(" @", at + 1)) {
    size_t end = at + 2;
    const auto digits = [&] {
      const size_t begin = end;
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
      return end > begin;
    };
    while (end < text.size() && text[end] == ' ') ++end;
    if (!digits() || text.substr(end, 1) != "." || (++end, !digits()) ||
        text.compare(end, 3, "GHz") != 0)
      continue;
    text.erase(at, end + 3 - at);
    return;
  }
}

std::string without_decoration(std::string_view model) {
  std::string text(model);
  erase_all(text, "(R)");
  if (const size_t at = text.find(" CPU @ "); at != text.npos && at > 0) text.resize(at);
  erase_all(text, " CPU");
  erase_frequency(text);
  return text;
}

// Words of letters and digits, in lower case.
std::set<std::string> words(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : std::string(text) + ' ') {
    if (std::isalnum(static_cast<unsigned char>(c)))
      word += lower(c);
    else if (!word.empty())
      words.insert(std::exchange(word, ""));
  }
  return words;
}

void for_each_processor(const std::function<void(std::string_view name, double watts)>& visit) {
  std::string_view rest = kCpuPowerCsv;
  rest.remove_prefix(rest.find('\n') + 1);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const size_t comma = line.find(',');
    if (comma != line.npos)
      visit(line.substr(comma + 1), read_number<double>(line.substr(0, comma)).value());
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

std::optional<double> find_whole(std::string_view model) {
  const std::string wanted = lower_case(model);
  std::optional<double> found;
  for_each_processor([&](std::string_view name, double watts) {
    if (!found && lower_case(name) == wanted) found = watts;
  });
  return found;
}

// All words of one name are among those of the other (a token_set_ratio of 100), for one processor
// only.
std::optional<double> find_by_words(std::string_view model) {
  const std::set<std::string> wanted = words(model);
  std::vector<double> found;
  for_each_processor([&](std::string_view name, double watts) {
    const std::set<std::string> these = words(name);
    if (these.empty() || wanted.empty()) return;
    if (std::ranges::includes(wanted, these) || std::ranges::includes(these, wanted))
      found.push_back(watts);
  });
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

struct CpuInfo {
  std::string model;
  size_t threads = 0;
  size_t sockets = 1;
};

CpuInfo read_cpu_info(const std::filesystem::path& proc) {
  CpuInfo info;
  std::set<std::string> sockets;
  std::ifstream file(proc / "cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    const std::string value = line.substr(std::min(line.size(), colon + 2));
    if (key == "processor") ++info.threads;
    if (key == "model name" && info.model.empty()) info.model = value;
    if (key == "physical id") sockets.insert(value);
  }
  info.sockets = std::max<size_t>(1, sockets.size());
  return info;
}

}  // namespace

std::optional<double> thermal_design_power(std::string_view model) {
  if (const auto watts = find_whole(model)) return watts;
  const std::string plain = without_decoration(model);
  if (const auto watts = find_whole(plain)) return watts;
  return find_by_words(plain);
}

ProcessorPower processor_power(const std::filesystem::path& proc) {
  const CpuInfo info = read_cpu_info(proc);
  const auto sockets = static_cast<double>(info.sockets);
  if (info.model.empty())
    return {"", kWattsOfNoModel * sockets,
            fmt::format("{:g} W, the model is not told", kWattsOfNoModel * sockets)};
  if (const auto watts = thermal_design_power(info.model))
    return {info.model, *watts * sockets,
            fmt::format("{:g} W by the table of thermal design powers", *watts * sockets)};
  const double watts = kWattsPerThread * static_cast<double>(info.threads);
  return {info.model, watts,
          fmt::format("{:g} W, {:g} for each of {} threads of an unknown model", watts,
                      kWattsPerThread, info.threads)};
}

}  // namespace lambdaforge::experiments::energy
