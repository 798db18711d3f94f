#include "experiments/energy/emissions_csv.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/csv.h"
#include "base/files.h"

namespace lambdaforge::experiments::energy {
namespace {

using Fields = std::vector<std::string>;

std::string to_line(const Fields& fields) {
  Fields quoted;
  for (const std::string& field : fields) quoted.push_back(csv_field(field));
  return fmt::format("{}\n", fmt::join(quoted, ","));
}

// As Python's platform.platform() begins: "Linux-6.1.0-17-amd64-x86_64".
std::string operating_system() {
  utsname system{};
  uname(&system);
  return fmt::format("{}-{}-{}", system.sysname, system.release, system.machine);
}

// "2 x NVIDIA A100", several kinds one behind the other, as CodeCarbon has it.
std::string gpu_model(const std::vector<std::string>& gpus) {
  std::map<std::string, int> counts;
  for (const std::string& name : gpus) ++counts[name];
  std::string text;
  for (const auto& [name, count] : counts) text += fmt::format("{} x {}", count, name);
  return text;
}

std::map<std::string, std::string> values_of(const EmissionsRow& row) {
  const Totals& totals = row.totals;
  const double seconds = totals.seconds;
  const double kwh = totals.all() * row.pue / kJoulesPerKwh;
  const double kilograms = kwh * row.intensity.grams_per_kwh / 1000;
  std::map<std::string, std::string> values = {
      {"timestamp", fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::localtime(std::time(nullptr)))},
      {"project_name", row.project_name},
      {"run_id", row.run_id},
      {"duration", fmt::format("{}", seconds)},
      {"emissions", fmt::format("{}", kilograms)},
      {"emissions_rate", fmt::format("{}", seconds > 0 ? kilograms / seconds : 0)},
      {"energy_consumed", fmt::format("{}", kwh)},
      {"water_consumed", "0"},
      {"country_name", row.intensity.country},
      {"country_iso_code", row.intensity.country_iso_code},
      {"region", row.intensity.region},
      {"os", operating_system()},
      {"codecarbon_version", "lambdaforge"},
      {"cpu_count", fmt::format("{}", row.hardware.cpu_count)},
      {"cpu_model", row.hardware.cpu_model},
      {"gpu_count", fmt::format("{}", row.hardware.gpus.size())},
      {"gpu_model", gpu_model(row.hardware.gpus)},
      {"ram_total_size", fmt::format("{}", row.hardware.memory_gib)},
      {"tracking_mode", row.mode},
      {"on_cloud", "N"},
      {"pue", fmt::format("{}", row.pue)},
      {"wue", "0"},
  };
  const auto add = [&](const std::string& name, Component component) {
    const double joules = totals.component(component) * row.pue;
    values[name + "_energy"] = fmt::format("{}", joules / kJoulesPerKwh);
    values[name + "_power"] = fmt::format("{}", seconds > 0 ? joules / seconds : 0);
  };
  add("cpu", Component::kCpu);
  add("gpu", Component::kGpu);
  add("ram", Component::kMemory);
  return values;
}

// A file that is this process' own among those who lock it, too: the one that has the name, for
// writing puts another one in its place. Where the file system knows no locks it goes on without.
class LockedFile {
 public:
  explicit LockedFile(const std::filesystem::path& path) {
    do {
      close();
      descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
      if (descriptor_ < 0)
        throw std::runtime_error(fmt::format("cannot open {}: {}", path.string(), strerror(errno)));
      while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
      }
    } while (was_replaced(path));
  }
  ~LockedFile() { close(); }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

 private:
  bool was_replaced(const std::filesystem::path& path) const {
    struct stat mine, named;
    return ::fstat(descriptor_, &mine) != 0 || ::stat(path.c_str(), &named) != 0 ||
           mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
  }
  void close() const {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int descriptor_ = -1;
};

// Through a name of this process' own: without locks others may be writing as well.
void replace_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path own = fmt::format("{}.{}", path.string(), getpid());
  write_file_atomically(own, text);
  try {
    std::filesystem::rename(own, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(own, ignored);
    throw;
  }
  sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

std::vector<CsvRecord> first_record() {
  return {{fmt::format("{}\n", fmt::join(emissions_columns(), ",")), emissions_columns()}};
}

std::vector<CsvRecord> read_records(const std::filesystem::path& path) {
  std::vector<CsvRecord> records;
  if (std::filesystem::exists(path)) records = parse_csv(read_file(path));
  if (records.empty()) return first_record();
  if (!records.back().is_whole) records.back().text += '\n';
  return records;
}

void check_columns(const std::filesystem::path& path, Fields found) {
  Fields expected = emissions_columns();
  std::ranges::sort(found);
  std::ranges::sort(expected);
  if (found != expected)
    throw std::invalid_argument(fmt::format(
        "{} does not have the columns of CodeCarbon 3.3.2; move it away or name another file",
        path.string()));
}

}  // namespace

const std::vector<std::string>& emissions_columns() {
  static const std::vector<std::string> columns = {
      "timestamp",
      "project_name",
      "run_id",
      "experiment_id",
      "duration",
      "emissions",
      "emissions_rate",
      "cpu_power",
      "gpu_power",
      "ram_power",
      "cpu_energy",
      "gpu_energy",
      "ram_energy",
      "energy_consumed",
      "water_consumed",
      "country_name",
      "country_iso_code",
      "region",
      "cloud_provider",
      "cloud_region",
      "os",
      "python_version",
      "codecarbon_version",
      "cpu_count",
      "cpu_model",
      "gpu_count",
      "gpu_model",
      "longitude",
      "latitude",
      "ram_total_size",
      "tracking_mode",
      "cpu_utilization_percent",
      "gpu_utilization_percent",
      "ram_utilization_percent",
      "ram_used_gb",
      "on_cloud",
      "pue",
      "wue",
  };
  return columns;
}

void check_emissions_file(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw std::invalid_argument(
        fmt::format("cannot write {}: there is no folder {}; make it or name another file",
                    path.string(), folder.string()));
  if (replaceable_file(path)) check_columns(path, read_records(path).front().fields);
}

void write_emissions(const std::filesystem::path& path, const EmissionsRow& row) {
  // A pipe has no rows to go on from: who reads it would wait for its own ones.
  const auto file = replaceable_file(path);
  std::optional<LockedFile> locked;
  if (file) locked.emplace(*file);
  const std::vector<CsvRecord> records = file ? read_records(*file) : first_record();
  const Fields& header = records.front().fields;
  check_columns(path, header);

  // The file's own order may be another one.
  const auto values = values_of(row);
  Fields fields;
  for (const std::string& column : header) {
    const auto value = values.find(column);
    fields.push_back(value == values.end() ? "" : value->second);
  }
  const auto id = static_cast<size_t>(std::ranges::find(header, "run_id") - header.begin());
  const auto old = std::ranges::find_if(records, [&](const CsvRecord& record) {
    return &record != &records.front() && record.fields.size() > id &&
           record.fields[id] == row.run_id;
  });
  std::string text;
  for (auto record = records.begin(); record != records.end(); ++record)
    text += record == old ? to_line(fields) : record->text;
  if (old == records.end()) text += to_line(fields);
  if (file)
    replace_file(*file, text);
  else
    write_file_atomically(path, text);
}

}  // namespace lambdaforge::experiments::energy
