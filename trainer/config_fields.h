// The one table that binds every `section.key` of a recipe to its member, its type and its bounds.
// Parsing, --set, to_toml and every error message are loops over it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/event.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

// What a recipe can hold.
using Value = experiments::ParameterValue;

struct Field {
  std::string section;
  std::string key;
  std::string expected;              // "a number >= 0": what an error message asks for
  std::vector<std::string> choices;  // of a name; empty: any
  bool is_text = false;

  // Stores a value of the right type that keeps the bounds; false: it is neither.
  std::function<bool(Config&, const Value&)> set;
  std::function<Value(const Config&)> get;

  std::string name() const { return section + "." + key; }
};

// Every field, grouped by section, in the order of the structs.
const std::vector<Field>& config_fields();

// Every key with its value.
experiments::Parameters parameters_of(const Config& config);

// A rule that spans several fields was broken; `field` is the one to blame.
struct BrokenRule {
  std::string field;
  std::string message;
};

// Checks what no single field can: required values and combinations. Throws BrokenRule.
void check_rules(const Config& config);

}  // namespace lambdaforge::trainer
