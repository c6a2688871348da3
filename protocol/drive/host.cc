#include "protocol/drive/host.h"

#include "absl/strings/str_cat.h"

namespace monocoque {

absl::Status CheckHost(const Host& host, std::string_view who) {
  if (host.pool == nullptr || host.entropy == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(who, ": the host must bring a pool and entropy"));
  }
  if (host.pool->slab_bytes() < kLeastSlabBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        who, ": slabs of ", host.pool->slab_bytes(),
        " octets are too small; SlabPoolOptions::slab_bytes must be at least ", kLeastSlabBytes));
  }
  if (host.pool->slab_bytes() > kMostSlabBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        who, ": slabs of ", host.pool->slab_bytes(),
        " octets are too large; SlabPoolOptions::slab_bytes must be at most ", kMostSlabBytes));
  }
  return absl::OkStatus();
}

}  // namespace monocoque
