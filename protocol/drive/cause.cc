#include "protocol/drive/cause.h"

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"

namespace monocoque {
namespace {

constexpr std::string_view kPayloadUrl = "monocoque/cause";

constexpr std::array<std::pair<Cause, std::string_view>, 11> kNames = {{
    {Cause::kNone, "no cause"},
    {Cause::kPeerViolation, "peer violation"},
    {Cause::kPeerIncompatible, "peer incompatible"},
    {Cause::kPeerRejectedUs, "peer rejected us"},
    {Cause::kWeRejectedPeer, "we rejected the peer"},
    {Cause::kTimeout, "timeout"},
    {Cause::kHeartbeat, "heartbeat"},
    {Cause::kDial, "dial"},
    {Cause::kTransport, "transport"},
    {Cause::kLimit, "limit"},
    {Cause::kLocal, "closed here"},
}};

absl::StatusCode CodeOf(Cause cause) {
  switch (cause) {
    case Cause::kPeerViolation:
    case Cause::kPeerIncompatible:
      return absl::StatusCode::kInvalidArgument;
    case Cause::kPeerRejectedUs:
    case Cause::kWeRejectedPeer:
      return absl::StatusCode::kPermissionDenied;
    case Cause::kTimeout:
    case Cause::kHeartbeat:
      return absl::StatusCode::kDeadlineExceeded;
    case Cause::kLimit:
      return absl::StatusCode::kResourceExhausted;
    case Cause::kLocal:
      return absl::StatusCode::kCancelled;
    case Cause::kNone:
    case Cause::kDial:
    case Cause::kTransport:
      break;
  }
  return absl::StatusCode::kUnavailable;
}

}  // namespace

std::string_view CauseName(Cause cause) {
  for (const auto& [value, name] : kNames) {
    if (value == cause) return name;
  }
  return kNames[0].second;
}

absl::Status TerminalStatus(Cause cause, std::string_view sentence) {
  absl::Status status(CodeOf(cause), sentence);
  status.SetPayload(kPayloadUrl, absl::Cord(CauseName(cause)));
  return status;
}

Cause CauseOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return Cause::kNone;
  for (const auto& [value, name] : kNames) {
    if (*payload == name) return value;
  }
  return Cause::kNone;
}

}  // namespace monocoque
