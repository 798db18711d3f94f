// Metrics to a Pushgateway, for jobs that end before anybody scrapes them.
#pragma once

#include <string>

namespace lambdaforge::experiments {

struct PushGroup {
  std::string project, run;
  int rank = 0;  // the one that tells
};

// Where a gateway puts the group's metrics: /metrics/job/lambdaforge/project/.../instance/rank-0.
// Names travel in base64, which the gateway takes for names with a slash too.
std::string push_path(const PushGroup& group);

// Replaces what the gateway knows of the group by `text`, in Prometheus' text format. Takes a few
// seconds at most. Throws std::runtime_error that says what the gateway answered, or that it did
// not.
void push_metrics(const std::string& gateway, const PushGroup& group, const std::string& text);

}  // namespace lambdaforge::experiments
