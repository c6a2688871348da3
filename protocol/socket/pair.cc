#include "protocol/socket/pair.h"

#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"

namespace monocoque {

void PairPattern::OnPeerMade(Peer* peer, const LinkOptions& /*options*/) {
  if (!peer_) peer_ = peer->id;
}

absl::Status PairPattern::Admit(Peer* peer, Instant /*now*/) {
  if (ready_ && peer_ != peer->id) {
    // A limit of ours: a dialer tries again, slowly, since the other may leave.
    return TerminalStatus(Cause::kLimit,
                          absl::StrCat(SocketTypeName(core_.type()), " has a peer already"));
  }
  if (Peer* waiting = core_.FindPeer(peer_); waiting != nullptr && waiting != peer) {
    // What was queued for a peer that never came goes to the one that did.
    while (!waiting->queue.empty()) {
      peer->queue_bytes += waiting->queue.front().message.wire_bytes();
      peer->queue.push_back(waiting->queue.take_front());
    }
    waiting->queue_bytes = 0;
  }
  peer_ = peer->id;
  ready_ = true;
  return absl::OkStatus();
}

void PairPattern::OnPeerDown(Peer* peer, bool gone) {
  if (peer_ != peer->id) return;
  ready_ = false;
  if (!gone) return;
  peer_ = PeerId();
  core_.ForEachRecipient([this, peer](const Peer* other) {
    if (!peer_ && other != peer) peer_ = other->id;
  });
}

bool PairPattern::CanSend() const {
  const Peer* peer = core_.FindPeer(peer_);
  return peer != nullptr && core_.CanTake(*peer);
}

absl::Status PairPattern::Send(Message* message, Instant now) {
  Peer* peer = core_.FindPeer(peer_);
  if (peer == nullptr || !core_.SendToPeer(peer, message, {}, now)) {
    return absl::UnavailableError("");
  }
  return absl::OkStatus();
}

absl::Status PairPattern::SendTo(Peer* peer, Message* message, Instant now) {
  if (peer->id != peer_) return absl::NotFoundError("");
  return Send(message, now);
}

}  // namespace monocoque
