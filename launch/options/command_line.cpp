#include "launch/options/command_line.h"

#include <fmt/format.h>

#include <string_view>

#include "base/numbers.h"
#include "base/suggestion.h"

namespace lambdaforge::launch {
namespace {

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// A word that nobody asked for explains a complaint better than what is missing because of it.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  for (const std::string& word : app.remaining()) {
    if (word.starts_with("-"))
      return unknown_name_message("option", word.substr(0, word.find('=')), option_names(app));
    if (const auto subcommands = app.get_subcommands(nullptr); !subcommands.empty()) {
      std::vector<std::string> known;
      for (const CLI::App* subcommand : subcommands) known.push_back(subcommand->get_name());
      return unknown_name_message(app.get_name() + " command", word, known);
    }
    return fmt::format("'{}' was not expected", word);
  }
  return error.what();
}

}  // namespace

CLI::Validator at_least(int64_t minimum) {
  return {[minimum](std::string& text) {
            try {
              if (std::stoll(text) >= minimum) return std::string();
            } catch (const std::exception&) {
              // No number at all: the same complaint.
            }
            return fmt::format("expected an integer >= {}, got '{}'", minimum, text);
          },
          ""};
}

CLI::Validator at_least_one() {
  return at_least(1);
}

CLI::Validator between_zero_and_one() {
  return {[](std::string& text) {
            const auto value = read_number<double>(text);
            if (value && *value > 0 && *value < 1) return std::string();
            return fmt::format("expected a number between 0 and 1, got '{}'", text);
          },
          ""};
}

void add_length_and_batch(CLI::App& app, std::optional<int64_t>& max_length,
                          int64_t& batch_tokens) {
  app.add_option("--max-length", max_length,
                 "Cut pairs to N tokens [the most that the model allows]")
      ->type_name("N")
      ->check(at_least_one());
  app.add_option("--batch-tokens", batch_tokens,
                 "Tokens scored at once, in as many pairs as fit; changes speed, not scores")
      ->type_name("N")
      ->check(at_least_one())
      ->capture_default_str();
}

void parse(CLI::App& app, const Arguments& arguments) {
  app.get_formatter()->column_width(38);
  try {
    app.parse(Arguments(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForHelp&) {
    throw Answer(0, app.help());
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const CLI::App& asked = chosen.empty() ? app : *chosen.back();
    const std::string name =
        chosen.empty() ? app.get_name() : app.get_name() + " " + asked.get_name();
    throw Answer(kUsageError, fmt::format("{}: {}\n'{} --help' says more.\n", name,
                                          explain(asked, error), name));
  }
}

}  // namespace lambdaforge::launch
