// lambdaforge card: writes the model cards of a run again.
#include <iostream>

#include "experiments/report/model_cards.h"
#include "launch/options.h"
#include "launch/report.h"

int main(int argc, char** argv) try {
  using namespace lambdaforge;
  const launch::CardOptions options = launch::parse_card(launch::Arguments(argv + 1, argv + argc));
  for (const auto& card : experiments::rewrite_model_cards(options.run))
    std::cout << "wrote " << card.string() << "\n";
} catch (const lambdaforge::launch::Answer& answer) {
  return answer.give();
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  return 1;
}
