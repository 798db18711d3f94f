// lambdaforge prepare: turns data into what training reads. Needs no libtorch.
#include <fmt/format.h>

#include "launch/program.h"
#include "models/tokenizer/tokenizer.h"
#include "trainer/data/token_store.h"
#include "trainer/data/wordnet.h"

namespace lambdaforge::launch {
namespace {

void run(const PrepareWordnetOptions& options) {
  trainer::prepare_wordnet(options.database, options.output);
  print(fmt::format("{0}/train.jsonl, {0}/nano and {0}/LICENSE are written\n", options.output));
}

void run(const PrepareListsOptions& options) {
  const auto tokenizer = models::Tokenizer::load(options.model);
  const trainer::ListStatistics statistics =
      trainer::build_token_store(options.lists, tokenizer, options.output);
  print(fmt::format("{}: {} lists, {} documents ({} to {} a list, mean {:.1f})\n", options.output,
                    statistics.lists, statistics.documents, statistics.min_documents,
                    statistics.max_documents, statistics.mean_documents()));
  if (statistics.single_document_lists > 0)
    print(fmt::format("{} lists have one document: a list-wise loss learns nothing from them\n",
                      statistics.single_document_lists));
  if (statistics.lists_without_positive > 0)
    print(fmt::format("{} lists have no label above 0\n", statistics.lists_without_positive));
}

int prepare(const Arguments& arguments) {
  std::visit([](const auto& options) { run(options); }, parse_prepare(arguments));
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  return lambdaforge::launch::run_program(argc, argv, lambdaforge::launch::prepare);
}
