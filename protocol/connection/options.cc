#include "protocol/connection/options.h"

#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "protocol/wire/metadata.h"

namespace monocoque {

absl::Status CheckProperties(const std::vector<std::pair<std::string, std::string>>& properties) {
  for (const auto& [name, value] : properties) {
    if (PropertyNameFits(name) && absl::StartsWithIgnoreCase(name, "X-")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("properties: the name \"", absl::CHexEscape(name),
                     "\" must begin with X- and hold letters, digits and -_.+ only"));
  }
  return absl::OkStatus();
}

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
