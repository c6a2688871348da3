#include "protocol/connection/options.h"

#include <cstddef>
#include <cstdint>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "protocol/mechanism/curve_box.h"
#include "protocol/wire/command.h"
#include "protocol/wire/metadata.h"

namespace monocoque {
namespace {

using enum SocketType;

// More often nobody is asked, nor given up sooner: that is below what timers are good for.
constexpr absl::Duration kLeastHeartbeat = absl::Milliseconds(1);
// What a time to live is told in.
constexpr absl::Duration kTtlUnit = absl::Milliseconds(100);
// A PING with its context has 23 octets.
constexpr std::size_t kLeastCommandBytes = 32;
// A JOIN or LEAVE with the longest group.
constexpr std::size_t kLeastCommandBytesOfRadio = Limits::kNameBytes + command::kMaxGroup;
constexpr std::size_t kLeastHandshakeBytes = 512;

absl::Status Bad(std::string_view sentence) { return absl::InvalidArgumentError(sentence); }

absl::Status CheckTimeout(std::string_view name, absl::Duration time) {
  if (time >= absl::ZeroDuration()) return absl::OkStatus();
  return Bad(absl::StrCat(name, " is 0 (no deadline) or more, not ", absl::FormatDuration(time)));
}

absl::Status CheckBeat(std::string_view name, absl::Duration time, std::string_view zero,
                       absl::Duration least) {
  if (time == absl::ZeroDuration() || time >= least) return absl::OkStatus();
  return Bad(absl::StrCat("heartbeat.", name, " is 0 (", zero, ") or at least ",
                          absl::FormatDuration(least), ", not ", absl::FormatDuration(time)));
}

absl::Status CheckHeartbeat(const HeartbeatOptions& beat) {
  for (const absl::Status& fits :
       {CheckBeat("interval", beat.interval, "off", kLeastHeartbeat),
        CheckBeat("timeout", beat.timeout, "as the interval", kLeastHeartbeat),
        CheckBeat("ttl", beat.ttl, "ask nothing", kTtlUnit)}) {
    if (!fits.ok()) return fits;
  }
  const bool asks = beat.ttl > absl::ZeroDuration();
  if (beat.interval == absl::ZeroDuration()) {
    if (!asks && beat.timeout == absl::ZeroDuration()) return absl::OkStatus();
    return Bad(absl::StrCat("heartbeat.", asks ? "ttl" : "timeout",
                            " needs heartbeat.interval: without it no PING goes out"));
  }
  const absl::Duration sent = beat.sent_ttl();
  if (!asks || sent > beat.interval) return absl::OkStatus();
  const bool cut = sent + kTtlUnit <= beat.ttl;
  return Bad(absl::StrCat(
      "heartbeat.ttl of ", absl::FormatDuration(beat.ttl), " goes out as ",
      absl::FormatDuration(sent), cut ? ", since libzmq computes it in 16 bits" : "",
      "; it must be more than heartbeat.interval, ", absl::FormatDuration(beat.interval),
      ", or the peer closes a quiet link between two PINGs"));
}

absl::Status CheckLimits(SocketType type, const Limits& limits) {
  const bool publishes = type == kPub || type == kXPub || type == kRadio;
  const bool sends_to_prefixes = type == kPub || type == kXPub;
  const bool has_front = type == kReq || type == kRep || type == kDish;
  const std::size_t command = type == kRadio ? kLeastCommandBytesOfRadio : kLeastCommandBytes;
  const struct {
    std::string_view name;
    std::uint64_t value;
    std::size_t least;
    std::string_view why;
  } rows[] = {
      {"max_frame_bytes", limits.max_frame_bytes, publishes ? command : 1,
       publishes ? "what peers subscribe to, or join, comes in commands" : "nothing could come in"},
      {"max_message_bytes", limits.max_message_bytes, sends_to_prefixes ? command : 1,
       sends_to_prefixes ? "what peers subscribe to may come in messages"
                         : "nothing could come in"},
      {"max_parts", limits.max_parts, has_front ? std::size_t{2} : 1,
       type == kDish ? "the group is a part, too"
       : has_front   ? "what stands in front of the body is a part, too"
                     : "nothing could come in"},
      {"max_command_bytes", limits.max_command_bytes, command,
       type == kRadio ? "a group may have 255 octets" : "a peer may send a PING"},
      {"max_handshake_bytes", limits.max_handshake_bytes, kLeastHandshakeBytes,
       "no peer could say who it is"},
      {"max_properties", limits.max_properties, 2, "a peer has a Socket-Type and an Identity"},
  };
  for (const auto& row : rows) {
    if (row.value >= row.least) continue;
    return Bad(absl::StrCat("limits.", row.name, " is at least ", row.least, " for ",
                            SocketTypeName(type), ", not ", row.value, ": ", row.why));
  }
  return absl::OkStatus();
}

// Octets of the command that brings our metadata, without it.
std::size_t FrontOfMetadata(const MechanismOptions& mechanism) {
  constexpr std::size_t kInitiate = 1 + command::kInitiate.size();
  constexpr std::size_t kReady = 1 + command::kReady.size();
  if (std::holds_alternative<CurveClient>(mechanism)) return kInitiate + curve::kMinInitiateBytes;
  if (std::holds_alternative<CurveServer>(mechanism)) return kReady + curve::kMinReadyBytes;
  return std::holds_alternative<PlainClient>(mechanism) ? kInitiate : kReady;
}

std::size_t PropertyBytes(std::string_view name, std::string_view value) {
  return 1 + name.size() + 4 + value.size();
}

// A peer with our limits takes them.
absl::Status CheckSize(const CommonOptions& options) {
  const bool named = SendsIdentity(options.socket_type);
  const std::size_t ours = named ? 2 : 1;
  if (options.properties.size() + ours > options.limits.max_properties) {
    return Bad(absl::StrCat("properties: ", options.properties.size(), " and ", ours,
                            " of the socket's are more than limits.max_properties, ",
                            options.limits.max_properties, ", which is what peers take"));
  }
  std::size_t bytes = FrontOfMetadata(options.mechanism);
  bytes += PropertyBytes(metadata::kSocketType, SocketTypeName(options.socket_type));
  if (named) bytes += PropertyBytes(metadata::kIdentity, options.routing_id);
  for (const auto& [name, value] : options.properties) bytes += PropertyBytes(name, value);
  if (bytes <= options.limits.max_handshake_bytes) return absl::OkStatus();
  return Bad(absl::StrCat("properties: with them the handshake takes ", bytes,
                          " octets, more than limits.max_handshake_bytes, ",
                          options.limits.max_handshake_bytes, ", which is what peers take"));
}

absl::Status CheckProperties(const CommonOptions& options) {
  if (options.properties.empty()) return absl::OkStatus();
  if (absl::Status fits = CheckSize(options); !fits.ok()) return fits;
  for (auto it = options.properties.begin(); it != options.properties.end(); ++it) {
    const std::string& name = it->first;
    if (!PropertyNameFits(name) || !absl::StartsWithIgnoreCase(name, "X-")) {
      return Bad(absl::StrCat("properties: the name \"", absl::CHexEscape(name),
                              "\" must begin with X- and hold letters, digits and -_.+ only"));
    }
    for (auto other = options.properties.begin(); other != it; ++other) {
      if (!absl::EqualsIgnoreCase(other->first, name)) continue;
      return Bad(absl::StrCat("properties: the name \"", name,
                              "\" is there twice, capitals or not; peers take the first alone"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckForRaw(const CommonOptions& options) {
  const auto* null = std::get_if<NullMechanism>(&options.mechanism);
  if (null == nullptr || !null->domain.empty()) {
    return Bad(
        "STREAM: its peers speak no ZMTP and cannot be asked who they are: leave `mechanism` at "
        "NULL without a domain");
  }
  const HeartbeatOptions& beat = options.heartbeat;
  for (const absl::Duration each : {beat.interval, beat.timeout, beat.ttl}) {
    if (each == absl::ZeroDuration()) continue;
    return Bad("STREAM: its peers speak no ZMTP and answer no PING: leave `heartbeat` off");
  }
  if (!options.properties.empty()) {
    return Bad("STREAM: its peers speak no ZMTP and take no properties: leave `properties` empty");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCommon(const CommonOptions& options) {
  if (options.socket_type == kStream) {
    if (absl::Status fits = CheckForRaw(options); !fits.ok()) return fits;
  }
  for (const absl::Status& fits : {
           CheckTimeout("handshake_timeout", options.handshake_timeout),
           CheckTimeout("closing_timeout", options.closing_timeout),
           CheckHeartbeat(options.heartbeat),
           CheckLimits(options.socket_type, options.limits),
           CheckProperties(options),
       }) {
    if (!fits.ok()) return fits;
  }
  return absl::OkStatus();
}

}  // namespace monocoque
