#include "models/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/files.h"

namespace lambdaforge::models {
namespace {

static_assert(std::endian::native == std::endian::little,
              "safetensors stores little-endian values");

constexpr size_t kLengthBytes = sizeof(uint64_t);

struct DtypeName {
  const char* name;
  at::ScalarType type;
};
constexpr DtypeName kDtypes[] = {{"F64", at::kDouble},    {"F32", at::kFloat}, {"F16", at::kHalf},
                                 {"BF16", at::kBFloat16}, {"I64", at::kLong},  {"I32", at::kInt},
                                 {"I16", at::kShort},     {"I8", at::kChar},   {"U8", at::kByte},
                                 {"BOOL", at::kBool}};

std::optional<at::ScalarType> dtype_from_name(const std::string& name) {
  for (const auto& [known, type] : kDtypes)
    if (name == known) return type;
  return std::nullopt;
}

const char* name_of_dtype(at::ScalarType type) {
  for (const auto& [name, known] : kDtypes)
    if (type == known) return name;
  throw std::invalid_argument(
      fmt::format("safetensors has no name for dtype {}", at::toString(type)));
}

// One entry of the header, checked against the size of the data behind it.
struct Entry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  uint64_t begin, end;  // bytes, relative to the data section
};

class HeaderReader {
 public:
  HeaderReader(const std::filesystem::path& path, std::string_view bytes)
      : path_(path), bytes_(bytes) {}

  std::vector<Entry> read() {
    if (bytes_.size() < kLengthBytes)
      fail(fmt::format("the file has {} bytes, too few for a header", bytes_.size()));
    uint64_t header_size = 0;
    std::memcpy(&header_size, bytes_.data(), kLengthBytes);
    if (header_size > bytes_.size() - kLengthBytes)
      fail(fmt::format(
          "the header claims {} bytes, the file has {}: it is truncated or no safetensors file",
          header_size, bytes_.size()));
    data_start_ = kLengthBytes + header_size;
    const auto header = nlohmann::json::parse(bytes_.substr(kLengthBytes, header_size), nullptr,
                                              /*allow_exceptions=*/false);
    if (!header.is_object()) fail("the header is no JSON object");
    std::vector<Entry> entries;
    for (const auto& [name, description] : header.items())
      if (name != "__metadata__") entries.push_back(read_entry(name, description));
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
    return entries;
  }

  const char* data() const { return bytes_.data() + data_start_; }

 private:
  Entry read_entry(const std::string& name, const nlohmann::json& description) const {
    Entry entry{name, at::kFloat, {}, 0, 0};
    std::string dtype;
    try {
      dtype = description.at("dtype").get<std::string>();
      entry.shape = description.at("shape").get<std::vector<int64_t>>();
      entry.begin = description.at("data_offsets").at(0).get<uint64_t>();
      entry.end = description.at("data_offsets").at(1).get<uint64_t>();
    } catch (const nlohmann::json::exception& error) {
      fail(fmt::format("tensor '{}' is badly described: {}", name, error.what()));
    }
    const auto type = dtype_from_name(dtype);
    if (!type) fail(fmt::format("tensor '{}' has the unknown dtype '{}'", name, dtype));
    entry.type = *type;
    check_range(entry);
    return entry;
  }

  void check_range(const Entry& entry) const {
    const uint64_t available = bytes_.size() - data_start_;
    if (entry.begin > entry.end || entry.end > available)
      fail(fmt::format("tensor '{}' claims the bytes {} to {}, the file holds {}: it is truncated",
                       entry.name, entry.begin, entry.end, available));
    uint64_t bytes = c10::elementSize(entry.type);
    for (int64_t size : entry.shape)
      if (size < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
        fail(fmt::format("tensor '{}' has the impossible shape [{}]", entry.name,
                         fmt::join(entry.shape, ", ")));
    if (bytes != entry.end - entry.begin)
      fail(fmt::format("tensor '{}' of shape [{}] needs {} bytes, its range holds {}", entry.name,
                       fmt::join(entry.shape, ", "), bytes, entry.end - entry.begin));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument(fmt::format("{}: {}", path_.string(), what));
  }

  const std::filesystem::path& path_;
  std::string_view bytes_;
  size_t data_start_ = 0;
};

std::string build_header(const NamedTensors& tensors) {
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"format", "pt"}};
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = offset + tensor.nbytes();
    header[name] = {{"dtype", name_of_dtype(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the data section starts aligned
  return text;
}

}  // namespace

NamedTensors load_safetensors(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  HeaderReader reader(path, bytes);
  NamedTensors tensors;
  for (const Entry& entry : reader.read()) {
    at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.type));
    if (tensor.numel() > 0)
      std::memcpy(tensor.mutable_data_ptr(), reader.data() + entry.begin, entry.end - entry.begin);
    tensors.emplace_back(entry.name, std::move(tensor));
  }
  return tensors;
}

void save_safetensors(const std::filesystem::path& path, const NamedTensors& tensors) {
  const std::string header = build_header(tensors);
  std::string bytes(kLengthBytes, '\0');
  const uint64_t header_size = header.size();
  std::memcpy(bytes.data(), &header_size, kLengthBytes);
  size_t size = kLengthBytes + header.size();
  for (const auto& [name, tensor] : tensors) size += tensor.nbytes();
  bytes.reserve(size);  // while it grows, gigabytes would be there twice
  bytes += header;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor stored = tensor.detach().to(at::kCPU).contiguous();
    bytes.append(static_cast<const char*>(stored.const_data_ptr()), stored.nbytes());
  }
  write_file_atomically(path, bytes);
}

}  // namespace lambdaforge::models
