#include "base/hdf5.h"

#include <hdf5.h>

#include <type_traits>

namespace lambdaforge {

static_assert(std::is_same_v<hid_t, int64_t> && std::is_same_v<herr_t, int>);

void silence_hdf5() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_reason() {
  std::string reason;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned depth, const H5E_error2_t* error, void* out) -> herr_t {
        if (depth == 0) *static_cast<std::string*>(out) = error->desc ? error->desc : "";
        return 0;
      },
      &reason);
  return reason.empty() ? "no reason given" : reason;
}

}  // namespace lambdaforge
