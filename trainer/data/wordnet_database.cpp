#include "trainer/data/wordnet_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "base/files.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::trainer {
namespace {

constexpr std::string_view kSpace = " \t";

// Both files start with the licence; its lines start with two spaces.
bool is_license_line(std::string_view line) {
  return line.starts_with("  ");
}

std::string_view trim(std::string_view text, std::string_view characters = kSpace) {
  const size_t begin = text.find_first_not_of(characters);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

// The fields of a line, parted by single spaces.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(trim(line)) {}

  std::string_view next() {
    if (rest_.empty()) throw std::invalid_argument("the line ends too early");
    const size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view field = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return field;
  }
  int number(int base = 10) {
    const std::string_view field = next();
    int value = 0;
    const auto [end, error] =
        std::from_chars(field.data(), field.data() + field.size(), value, base);
    if (error != std::errc() || end != field.data() + field.size())
      throw std::invalid_argument(fmt::format("'{}' is no number", field));
    return value;
  }

 private:
  std::string_view rest_;
};

// "Galore(ip)" -> "galore": the marker tells where an adjective may stand.
std::string lemma_of(std::string_view word) {
  std::string lemma(word.substr(0, word.find('(')));
  for (char& c : lemma)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lemma;
}

// Where the first example opens: a quotation mark behind ';', ':' or ','. Others belong to the
// definition: usually expressed as "on behalf of".
size_t find_examples(std::string_view gloss) {
  for (size_t quote = gloss.find('"'); quote != gloss.npos; quote = gloss.find('"', quote + 1)) {
    const std::string_view before = trim(gloss.substr(0, quote));
    if (before.empty() || before.ends_with(';') || before.ends_with(':') || before.ends_with(','))
      return quote;
  }
  return gloss.npos;
}

void split_gloss(std::string_view gloss, Synset& synset) {
  const size_t first = find_examples(gloss);
  synset.definition = trim(gloss.substr(0, first), " \t;:,");
  if (first == gloss.npos) return;
  std::string_view rest = gloss.substr(first);
  if (std::count(rest.begin(), rest.end(), '"') % 2 != 0) return;  // a mark is missing somewhere
  while (!rest.empty()) {
    const size_t end = rest.find('"', 1);
    synset.examples.emplace_back(trim(rest.substr(1, end - 1)));
    rest.remove_prefix(end + 1);
    rest.remove_prefix(std::min(rest.find('"'), rest.size()));
  }
}

// offset lex_filenum ss_type w_cnt word lex_id [word lex_id ...] ... | gloss; w_cnt is hexadecimal.
Synset parse_synset(std::string_view line, const std::string& part_of_speech) {
  const size_t bar = line.find(" | ");
  if (bar == line.npos) throw std::invalid_argument("no gloss");
  Fields fields(line.substr(0, bar));
  Synset synset;
  synset.id = fmt::format("{}-{}", part_of_speech, fields.next());
  fields.next();
  fields.next();
  for (int count = fields.number(16); count > 0; --count) {
    synset.lemmas.push_back(lemma_of(fields.next()));
    fields.next();
  }
  split_gloss(trim(line.substr(bar + 3)), synset);
  return synset;
}

// lemma pos synset_cnt p_cnt [ptr ...] sense_cnt tagsense_cnt synset_offset [synset_offset ...]
void parse_senses(std::string_view line, const std::unordered_map<std::string, size_t>& places,
                  PartOfSpeech& part) {
  Fields fields(line);
  auto& senses = part.senses[std::string(fields.next())];
  fields.next();
  const int count = fields.number();
  for (int skipped = fields.number() + 2; skipped > 0; --skipped) fields.next();
  for (int i = 0; i < count; ++i) {
    const std::string id = fmt::format("{}-{}", part.name, fields.next());
    const auto place = places.find(id);
    if (place == places.end())
      throw std::invalid_argument(fmt::format("the data file has no synset {}", id));
    senses.push_back(place->second);
  }
}

template <typename Visit>
void for_each_entry(const std::filesystem::path& path, Visit visit) {
  TextLines lines(path);
  std::string line;
  while (lines.next(line)) {
    if (is_license_line(line)) continue;
    try {
      visit(std::string_view(line));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}, line {}: {}; expected a database file of WordNet 3.0", path.string(),
                      lines.line_number(), error.what()));
    }
  }
}

}  // namespace

PartOfSpeech read_wordnet(const std::filesystem::path& folder, const std::string& name,
                          const std::string& suffix) {
  PartOfSpeech part{name, {}, {}};
  std::unordered_map<std::string, size_t> places;
  for_each_entry(folder / ("data." + suffix), [&](std::string_view line) {
    part.synsets.push_back(parse_synset(line, name));
    places.emplace(part.synsets.back().id, part.synsets.size() - 1);
  });
  for_each_entry(folder / ("index." + suffix),
                 [&](std::string_view line) { parse_senses(line, places, part); });
  return part;
}

std::string wordnet_license(const std::filesystem::path& folder) {
  TextLines lines(folder / "data.noun");
  std::string license;
  std::string line;
  while (lines.next(line) && is_license_line(line)) {
    const std::string_view numbered = trim(line);
    const size_t space = std::min(numbered.find(' '), numbered.size());
    license += trim(numbered.substr(space));
    license += '\n';
  }
  return license;
}

}  // namespace lambdaforge::trainer
