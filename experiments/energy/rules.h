// When a run has consumed enough, and what that was worth.
#pragma once

#include <optional>
#include <string>

namespace lambdaforge::experiments::energy {

// Of the whole run so far, over all nodes, earlier parts included.
struct RunFigures {
  double kwh = 0;
  double emissions_kg = 0;
  double seconds = 0;  // that were measured
};

// "kwh > 0.5"
struct StopRule {
  double RunFigures::*figure;
  bool or_equal = false;
  double limit = 0;
  std::string text;

  bool holds(const RunFigures& figures) const {
    return or_equal ? figures.*figure >= limit : figures.*figure > limit;
  }
};

// A name (kwh, emissions_kg, seconds), > or >=, a number. Throws std::invalid_argument.
StopRule parse_stop_rule(const std::string& text);

// "0.5 * kwh": what consumption counts against the quality that it bought.
struct Price {
  double RunFigures::*figure;
  double a_unit;

  double of(const RunFigures& figures) const { return a_unit * figures.*figure; }
};

// A number above 0, *, a name as in a stopping rule. Throws std::invalid_argument.
Price parse_price(const std::string& text);

// Whether the best model still gains enough for the energy that it costs: asked once an evaluation.
class GainRule {
 public:
  // `least`: of the best metric's gain by a kWh.
  explicit GainRule(double least) : least_(least) {}

  // `best`: the best value so far, as a figure that grows. Returns the gain by a kWh since the call
  // before when that is too little; nullopt in the first call. A call with no more energy than the
  // one before says nothing yet and is passed over.
  std::optional<double> too_little(double best, double kwh);

 private:
  struct Point {
    double best, kwh;
  };
  const double least_;
  std::optional<Point> last_;
};

}  // namespace lambdaforge::experiments::energy
