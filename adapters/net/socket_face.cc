#include "adapters/net/socket_face.h"

namespace monocoque::net {

const absl::Status& NoSocket() {
  static const auto* const kWhy = new absl::Status(
      absl::FailedPreconditionError("there is no socket here: it was never made, or moved from"));
  return *kWhy;
}

}  // namespace monocoque::net
