#include "protocol/drive/cause.h"

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"

namespace monocoque {
namespace {

constexpr std::string_view kPayloadUrl = "monocoque/cause";

constexpr std::array<std::pair<Cause, std::string_view>, 9> kNames = {{
    {Cause::kNone, "no cause"},
    {Cause::kPeerViolation, "peer violation"},
    {Cause::kPeerIncompatible, "peer incompatible"},
    {Cause::kPeerRejectedUs, "peer rejected us"},
    {Cause::kWeRejectedPeer, "we rejected the peer"},
    {Cause::kTimeout, "timeout"},
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
      return absl::StatusCode::kDeadlineExceeded;
    case Cause::kLimit:
      return absl::StatusCode::kResourceExhausted;
    case Cause::kLocal:
      return absl::StatusCode::kCancelled;
    case Cause::kNone:
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

Retry DefaultRetry(Cause cause) {
  switch (cause) {
    case Cause::kPeerViolation:
    case Cause::kPeerIncompatible:
    case Cause::kPeerRejectedUs:
    case Cause::kWeRejectedPeer:
    case Cause::kLocal:
      return Retry::kNever;
    case Cause::kLimit:
      return Retry::kSlowly;
    case Cause::kNone:
    case Cause::kTimeout:
    case Cause::kTransport:
      break;
  }
  return Retry::kBackoff;
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
