// lambdaforge card: writes the model cards of a run again.
#include <fmt/format.h>

#include "experiments/report/model_cards.h"
#include "launch/program.h"

namespace lambdaforge::launch {
namespace {

int card(const Arguments& arguments) {
  for (const auto& card : experiments::rewrite_model_cards(parse_card(arguments).run))
    print(fmt::format("wrote {}\n", card.string()));
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  return lambdaforge::launch::run_program(argc, argv, lambdaforge::launch::card);
}
