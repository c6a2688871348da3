// Messages that a socket makes by itself: what it says first on a new link, and what its
// application hears of links that come and go.
#include <string>
#include <string_view>
#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/socket/core.h"

namespace monocoque {
namespace {

// Notices kept for an application that does not receive. Beyond, no further peer is admitted, so
// that those who come and go cannot fill the memory.
constexpr std::size_t kMaxNotices = 65536;

}  // namespace

void SocketCore::Greet(Link* link) {
  Connection& connection = *link->connection;
  // It ended with its handshake: what it brought is still received.
  if (!connection.status().ok()) return;
  bool said = !options_.probe_router || connection.SendFirst({});
  for (std::string_view text : {std::string_view(options_.xpub_welcome_message),
                                std::string_view(options_.hello_message)}) {
    said = said && (text.empty() || connection.SendFirst(AsBytes(text)));
  }
  if (said) return;
  // Without it the link is not what the application asked for: it begins anew.
  connection.Fail(TerminalStatus(Cause::kTransport, "no memory for the first message"), "",
                  Instant());
  work_.Add(&link->work);
}

absl::Status SocketCore::RoomForNotices() const {
  if (notices_.size() < kMaxNotices) return absl::OkStatus();
  return TerminalStatus(Cause::kLimit, "busy");
}

void SocketCore::Notice(const Link& link, std::string_view text) {
  const Peer& peer = *link.peer;
  Message notice(text);
  notice.set_to(link.routing_id.empty() ? peer.routing_id : link.routing_id);
  notice.set_peer(peer.id);
  notices_.push_back(std::move(notice));
  receives_apart_ = true;
}

void SocketCore::Introduce(Link* link) {
  if (!link->was_ready || link->introduced || closing_ || !MayDeliver(*link)) return;
  link->introduced = true;
  const bool stream = type_ == SocketType::kStream && options_.stream_notify;
  if (options_.router_notify_connect || stream) Notice(*link, {});
}

void SocketCore::SeeOff(const Link& link) {
  const bool by_us = CauseOf(link.connection->status()) == Cause::kLocal;
  if (!link.introduced || closing_ || by_us) return;
  if (link.peer->handed_over) return;
  const std::string& text = link.listener ? options_.disconnect_message : options_.hiccup_message;
  if (!text.empty()) Notice(link, text);
  const bool stream = type_ == SocketType::kStream && options_.stream_notify;
  if (options_.router_notify_disconnect || stream) Notice(link, {});
}

bool SocketCore::TakeNotice(Message* out) {
  if (notices_.empty()) return false;
  *out = notices_.take_front();
  if (notices_.empty()) {
    notices_.Shrink();
    receives_apart_ = closing_;
  }
  return true;
}

}  // namespace monocoque
