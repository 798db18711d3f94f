// What the fake NVML of the tests shows, device by device.
#pragma once

namespace lambdaforge::experiments::energy {

struct FakeGpu {
  const char* uuid = "";
  const char* name = "Fake GPU";
  double joules = 0;
  double watts = 0;
  bool has_counter = true;
  bool is_lost = false;
};

struct FakeNvml {
  static constexpr unsigned kMaxDevices = 4;
  unsigned count = 0;
  FakeGpu devices[kMaxDevices];
};

}  // namespace lambdaforge::experiments::energy
