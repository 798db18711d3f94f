#include "trainer/parallel/rank_info.h"

#include <ATen/Context.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/process.h"

namespace lambdaforge::trainer {
namespace {

using nlohmann::json;

// Zeros when the driver does not tell.
cudaDeviceProp properties_of(at::Device device) {
  cudaDeviceProp properties{};
  if (device.is_cuda()) cudaGetDeviceProperties(&properties, device.index());
  return properties;
}

// As nvidia-smi and DCGM write it: "GPU-", then 16 bytes in groups of 4, 2, 2, 2 and 6.
std::string gpu_uuid(const cudaDeviceProp& properties) {
  std::string text = "GPU-";
  for (size_t i = 0; i < sizeof(properties.uuid.bytes); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(properties.uuid.bytes[i]));
  }
  return text;
}

}  // namespace

std::vector<experiments::RankInfo> gather_rank_infos(Communicator& communicator) {
  const at::Device device = choose_device(communicator);
  const cudaDeviceProp properties = properties_of(device);
  const json mine = {{"local_rank", communicator.local_rank()},
                     {"host", host_name()},
                     {"device", device.str()},
                     {"gpu_uuid", device.is_cuda() ? gpu_uuid(properties) : ""},
                     {"gpu_name", properties.name}};
  std::vector<experiments::RankInfo> ranks;
  for (const std::string& text : communicator.gather(mine.dump())) {
    const json rank = json::parse(text);
    ranks.push_back({static_cast<int>(ranks.size()), rank.at("local_rank"), rank.at("host"),
                     rank.at("device"), rank.at("gpu_uuid"), rank.at("gpu_name")});
  }
  return ranks;
}

}  // namespace lambdaforge::trainer
