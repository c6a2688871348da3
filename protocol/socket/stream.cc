#include "protocol/socket/stream.h"

namespace monocoque {

absl::Status StreamPattern::CheckConnect(const LinkOptions& options) {
  if (!table_.Contains(options.connect_routing_id)) return absl::OkStatus();
  return absl::AlreadyExistsError("connect: a peer has this connect_routing_id already");
}

void StreamPattern::OnPeerMade(Peer* peer, const LinkOptions& options) {
  peer->routing_id =
      options.connect_routing_id.empty() ? table_.NewId() : Slice::Copy(options.connect_routing_id);
  table_.Add(peer);
}

absl::Status StreamPattern::Admit(Peer* peer, Instant /*now*/) {
  if (peer->routed) return absl::OkStatus();
  peer->routing_id = table_.NewId();
  table_.Add(peer);
  return absl::OkStatus();
}

void StreamPattern::OnPeerDown(Peer* peer, bool gone) {
  // A dialer's peer keeps its id, and its queue, for the next link (ALL-1).
  if (!gone && peer->dialer && !peer->given_up) return;
  table_.Remove(peer);
}

absl::Status StreamPattern::Send(Message* message, Instant now) {
  if (message->to().empty()) {
    return absl::FailedPreconditionError("send: STREAM needs a destination; call set_to first");
  }
  Peer* peer = table_.Destination(*message);
  if (peer == nullptr) return absl::NotFoundError("");
  return SendTo(peer, message, now);
}

absl::Status StreamPattern::SendTo(Peer* peer, Message* message, Instant now) {
  if (!peer->routed || peer->given_up) return absl::NotFoundError("");
  if (!message->multipart() && message->size() == 0) {
    core_.ClosePeer(peer, now);
    message->Clear();
    return absl::OkStatus();
  }
  return core_.SendToPeer(peer, message, {}, now) ? absl::OkStatus() : absl::UnavailableError("");
}

bool StreamPattern::Receive(Message* out, Instant now) {
  if (!core_.ReceiveFair(out, now)) return false;
  if (const Peer* peer = core_.FindPeer(out->peer())) out->set_to(peer->routing_id);
  return true;
}

}  // namespace monocoque
