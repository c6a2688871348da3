#include "protocol/connection/options.h"

#include <variant>

namespace monocoque {

absl::Status CheckForRaw(const MechanismOptions& mechanism, const HeartbeatOptions& heartbeat,
                         bool has_properties) {
  const auto* null = std::get_if<NullMechanism>(&mechanism);
  if (null == nullptr || !null->domain.empty()) {
    return absl::InvalidArgumentError(
        "STREAM: its peers speak no ZMTP and cannot be asked who they are: leave `mechanism` at "
        "NULL without a domain");
  }
  if (heartbeat.interval > absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "STREAM: its peers speak no ZMTP and answer no PING: leave `heartbeat` off");
  }
  if (has_properties) {
    return absl::InvalidArgumentError(
        "STREAM: its peers speak no ZMTP and take no properties: leave `properties` empty");
  }
  return absl::OkStatus();
}

}  // namespace monocoque
