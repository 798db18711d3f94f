#include "evaluators/dataset_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "base/suggestion.h"

namespace lambdaforge::evaluators {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// "NanoMSMARCO" -> "msmarco"
std::string short_name(const std::string& name) {
  constexpr std::string_view kNano = "nano";
  const std::string text = lower(name);
  return text.starts_with(kNano) ? text.substr(kNano.size()) : text;
}

[[noreturn]] void throw_unknown(const std::string& requested,
                                const std::vector<std::string>& available) {
  std::vector<std::string> known;
  known.reserve(available.size());
  for (const std::string& name : available) known.push_back(short_name(name));
  const auto nearest = nearest_name(short_name(requested), known);
  throw std::invalid_argument(
      fmt::format("unknown data set '{}'; {}available: {}", requested,
                  nearest ? fmt::format("did you mean '{}'? ", *nearest) : "",
                  available.empty() ? "none" : fmt::format("{}", fmt::join(available, ", "))));
}

// The exact name wins over one that differs in case, and that one over one that differs in "Nano".
std::string resolve(const std::string& requested, const std::vector<std::string>& available) {
  const auto same = [&](auto spelling) {
    return std::ranges::find_if(
        available, [&](const std::string& name) { return spelling(name) == spelling(requested); });
  };
  auto found = std::ranges::find(available, requested);
  if (found == available.end()) found = same(lower);
  if (found == available.end()) found = same(short_name);
  if (found == available.end()) throw_unknown(requested, available);
  return *found;
}

std::vector<std::string> default_names(const std::vector<std::string>& available) {
  std::vector<std::string> names;
  for (const std::string& name : available)
    if (short_name(name) != "arguana" && short_name(name) != "touche2020") names.push_back(name);
  if (names.empty())
    throw std::invalid_argument(
        available.empty()
            ? std::string("there is no data set to evaluate on")
            : fmt::format("{} must be asked for by name: the default leaves ArguAna and Touche2020 "
                          "out, and there is no other data set",
                          fmt::join(available, ", ")));
  std::ranges::sort(names, {}, lower);
  return names;
}

}  // namespace

std::vector<std::string> resolve_dataset_names(const std::vector<std::string>& requested,
                                               const std::vector<std::string>& available) {
  if (requested.empty()) return default_names(available);
  std::vector<std::string> names;
  for (const std::string& name : requested) {
    const std::string found = resolve(name, available);
    if (std::ranges::find(names, found) == names.end()) names.push_back(found);
  }
  return names;
}

}  // namespace lambdaforge::evaluators
