#include "protocol/socket/event.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"

namespace monocoque {

const char* SocketEventName(SocketEvent::Kind kind) {
  switch (kind) {
    case SocketEvent::Kind::kListening:
      return "listening";
    case SocketEvent::Kind::kListenFailed:
      return "listen failed";
    case SocketEvent::Kind::kAcceptFailed:
      return "accept failed";
    case SocketEvent::Kind::kAccepted:
      return "accepted";
    case SocketEvent::Kind::kDialFailed:
      return "dial failed";
    case SocketEvent::Kind::kConnected:
      return "connected";
    case SocketEvent::Kind::kReady:
      return "ready";
    case SocketEvent::Kind::kClosed:
      return "closed";
    case SocketEvent::Kind::kSubscriptionRefused:
      return "subscription refused";
    case SocketEvent::Kind::kUnlistened:
      return "listens no more";
    case SocketEvent::Kind::kDialing:
      return "dialing";
    case SocketEvent::Kind::kDropsBegan:
      return "drops began";
    case SocketEvent::Kind::kDropsEnded:
      return "drops ended";
    case SocketEvent::Kind::kRetry:
      return "retry";
    case SocketEvent::Kind::kGaveUp:
      return "gave up";
  }
  return "unknown";
}

std::string SocketEvent::ToString() const {
  std::string text = SocketEventName(kind);
  if (!endpoint.empty()) absl::StrAppend(&text, " ", absl::CHexEscape(endpoint));
  if (link) absl::StrAppend(&text, " link ", link.value());
  if (peer) absl::StrAppend(&text, " peer ", peer.value());
  if (kind == Kind::kRetry) absl::StrAppend(&text, " in ", absl::FormatDuration(delay));
  if (!status.ok()) {
    absl::StrAppend(&text, ": ", absl::CHexEscape(status.message()));
    if (CauseOf(status) != Cause::kNone) {
      absl::StrAppend(&text, " (", CauseName(CauseOf(status)), ")");
    }
  }
  if (dropped_messages > 0) absl::StrAppend(&text, ", ", dropped_messages, " messages dropped");
  if (lost_messages > 0) absl::StrAppend(&text, ", ", lost_messages, " messages lost");
  return text;
}

}  // namespace monocoque
