// "did you mean": the nearest known name to one that was not found.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lambdaforge {

// The entry of `known` with the smallest edit distance to `name`; nullopt when none is near enough
// to be meant.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known);

// "unknown loss 'LamdaLoss'; did you mean 'LambdaLoss'? known: LambdaLoss, ListNetLoss"
std::string unknown_name_message(std::string_view kind, std::string_view name,
                                 std::span<const std::string> known);

}  // namespace lambdaforge
