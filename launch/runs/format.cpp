#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "launch/runs.h"

namespace lambdaforge::launch {

std::string format_time(double seconds_since_1970) {
  const auto seconds = static_cast<std::time_t>(seconds_since_1970);
  std::tm local{};
  char text[64] = "-";
  if (seconds != 0 && localtime_r(&seconds, &local))
    std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) return "-";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_figure(double value) {
  return fmt::format("{:.6g}", value);
}

}  // namespace lambdaforge::launch
