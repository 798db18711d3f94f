#include "trainer/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include "base/files.h"
#include "base/suggestion.h"
#include "trainer/config_fields.h"

namespace lambdaforge::trainer {
namespace {

Value to_value(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* array = node.as_array()) {
    std::vector<std::string> texts;
    for (const toml::node& element : *array) {
      if (!element.is_string()) return {};
      texts.push_back(element.as_string()->get());
    }
    return texts;
  }
  return {};
}

// "-1 (integer)"
std::string describe(const toml::node& node) {
  if (node.is_table()) return "a table";
  std::ostringstream text;
  node.visit([&text](const auto& concrete) { text << concrete; });
  std::ostringstream type;
  type << node.type();
  return fmt::format("{} ({})", text.str(), type.str());
}

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const Field& field : config_fields())
    if (names.empty() || names.back() != field.section) names.push_back(field.section);
  return names;
}

std::vector<std::string> key_names(std::string_view section) {
  std::vector<std::string> names;
  for (const Field& field : config_fields())
    if (field.section == section) names.push_back(field.key);
  return names;
}

// A key in the wrong section is a common slip: say where it belongs.
std::string unknown_key_message(std::string_view section, std::string_view key) {
  for (const Field& field : config_fields())
    if (field.key == key)
      return fmt::format("unknown key '{}' in [{}]; it belongs to [{}]", key, section,
                         field.section);
  return unknown_name_message("key", key, key_names(section));
}

// Fills a Config and remembers where each value came from.
class Reader {
 public:
  explicit Reader(std::string_view origin) : origin_(origin) {}

  void read_table(const toml::table& recipe) {
    for (const auto& [section, node] : recipe) {
      check_section(section.str(), place(section.source()));
      if (!node.is_table())
        fail(place(section.source()), section.str(),
             fmt::format("expected a section [{}], got {}", section.str(), describe(node)));
      for (const auto& [key, value] : *node.as_table())
        assign(find(section.str(), key.str(), place(key.source())), value, place(key.source()));
    }
  }

  // "training.learning_rate=1e-4"
  void read_override(const std::string& text) {
    const std::string where = "--set " + text;
    const size_t equals = text.find('=');
    const size_t dot = text.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals)
      throw std::invalid_argument(where +
                                  ": expected section.key=value, as in "
                                  "--set training.learning_rate=2e-5");
    const std::string section = text.substr(0, dot);
    check_section(section, where);
    const Field& field = find(section, text.substr(dot + 1, equals - dot - 1), where);
    const std::string value = text.substr(equals + 1);
    const toml::table parsed = parse_override(field, value, where);
    assign(field, parsed.begin()->second, where);
  }

  Config finish() {
    try {
      check_rules(config_);
    } catch (const BrokenRule& rule) {
      const auto place = places_.find(rule.field);
      fail(place == places_.end() ? origin_ : place->second, rule.field, rule.message);
    }
    return std::move(config_);
  }

 private:
  [[noreturn]] static void fail(const std::string& place, std::string_view name,
                                std::string_view message) {
    throw std::invalid_argument(fmt::format("{}: {}: {}", place, name, message));
  }

  std::string place(const toml::source_region& source) const {
    return fmt::format("{}:{}", origin_, source.begin.line);
  }

  static void check_section(std::string_view section, const std::string& place) {
    const auto known = section_names();
    if (std::find(known.begin(), known.end(), section) != known.end()) return;
    for (const Field& field : config_fields())
      if (field.key == section)
        fail(place, section,
             fmt::format("a key without a section; it belongs to [{}]", field.section));
    fail(place, section, unknown_name_message("section", section, known));
  }

  static const Field& find(std::string_view section, std::string_view key,
                           const std::string& place) {
    for (const Field& field : config_fields())
      if (field.section == section && field.key == key) return field;
    fail(place, fmt::format("{}.{}", section, key), unknown_key_message(section, key));
  }

  // A value that is no TOML is a bare word. What a string field gets is text whatever it looks
  // like, so that run.name=2026-11-24 needs no quotes inside the shell's.
  static toml::table parse_override(const Field& field, const std::string& value,
                                    const std::string& place) {
    const bool quoted =
        !value.empty() && std::string_view("\"'[{").find(value[0]) != std::string_view::npos;
    try {
      toml::table parsed = toml::parse("value = " + value);
      if (parsed.size() == 1 && (!field.is_text || quoted)) return parsed;
    } catch (const toml::parse_error& error) {
      if (quoted) fail(place, field.name(), error.description());
    }
    return toml::table{{"value", value}};
  }

  void assign(const Field& field, const toml::node& node, const std::string& place) {
    const Value value = to_value(node);
    const auto* text = std::get_if<std::string>(&value);
    if (text && !field.choices.empty() &&
        std::find(field.choices.begin(), field.choices.end(), *text) == field.choices.end())
      fail(place, field.name(), unknown_name_message(field.key, *text, field.choices));
    if (!field.set(config_, value))
      fail(place, field.name(), fmt::format("expected {}, got {}", field.expected, describe(node)));
    places_[field.name()] = place;
  }

  std::string origin_;
  Config config_;
  std::map<std::string, std::string> places_;
};

std::string quote(const std::string& text) {
  std::ostringstream quoted;
  quoted << toml::value<std::string>(text);
  return quoted.str();
}

std::string format_value(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* text = std::get_if<std::string>(&value)) return quote(*text);
  if (const auto* real = std::get_if<double>(&value)) {
    // Shortest digits that read back to the same double; a point or an exponent marks a real.
    const std::string digits = fmt::format("{}", *real);
    return digits.find_first_of(".e") == std::string::npos ? digits + ".0" : digits;
  }
  std::string list;
  for (const std::string& text : std::get<std::vector<std::string>>(value))
    list += (list.empty() ? "" : ", ") + quote(text);
  return "[" + list + "]";
}

}  // namespace

Config parse_config(std::string_view toml, std::string_view origin,
                    const std::vector<std::string>& overrides) {
  Reader reader(origin);
  try {
    reader.read_table(toml::parse(toml));
  } catch (const toml::parse_error& error) {
    throw std::invalid_argument(fmt::format("{}:{}: {}", origin, error.source().begin.line,
                                            std::string_view(error.description())));
  }
  for (const std::string& text : overrides) reader.read_override(text);
  return reader.finish();
}

Config load_config(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  if (!std::filesystem::exists(path))
    throw std::invalid_argument(fmt::format("there is no recipe {}", path.string()));
  return parse_config(read_file(path), path.string(), overrides);
}

std::string to_toml(const Config& config) {
  std::string text;
  std::string section;
  for (const Field& field : config_fields()) {
    if (field.section != section)
      text += fmt::format("{}[{}]\n", section.empty() ? "" : "\n", field.section);
    section = field.section;
    const Value value = field.get(config);
    text += std::holds_alternative<std::monostate>(value)
                ? fmt::format("# {} is not set\n", field.key)
                : fmt::format("{} = {}\n", field.key, format_value(value));
  }
  return text;
}

}  // namespace lambdaforge::trainer
