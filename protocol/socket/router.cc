#include "protocol/socket/router.h"

#include <algorithm>
#include <utility>

#include "protocol/drive/cause.h"

namespace monocoque {

absl::Status RouterPattern::CheckConnect(const LinkOptions& options) {
  if (!table_.Contains(options.connect_routing_id)) return absl::OkStatus();
  return absl::AlreadyExistsError("connect: a peer has this connect_routing_id already");
}

void RouterPattern::OnPeerMade(Peer* peer, const LinkOptions& options) {
  if (options.connect_routing_id.empty()) return;
  peer->routing_id = Slice::Copy(options.connect_routing_id);
  table_.Add(peer);
}

Slice RouterPattern::ChooseId(const Peer& peer) {
  const Dialer* dialer = core_.FindDialer(peer.dialer);
  if (dialer != nullptr && !dialer->options->connect_routing_id.empty()) {
    return Slice::Copy(dialer->options->connect_routing_id);
  }
  if (!peer.info->identity.empty()) return Slice::Copy(peer.info->identity);
  // A dialer's peer keeps the id we made for it over its links.
  const bool has_one = !peer.routing_id.empty() && peer.routing_id.data()[0] == 0;
  return has_one ? peer.routing_id : table_.NewId();
}

absl::Status RouterPattern::Admit(Peer* peer, Instant now) {
  const Slice id = ChooseId(*peer);
  if (const PeerId holder = table_.Find(id.bytes()); holder && holder != peer->id) {
    if (core_.options().router_id_clash == RoutingIdClash::kRefuseNewcomer) {
      return TerminalStatus(Cause::kWeRejectedPeer, "routing id in use");
    }
    if (Peer* old = core_.FindPeer(holder)) {
      table_.Remove(old);
      core_.EndPeer(old, TerminalStatus(Cause::kWeRejectedPeer, "routing id handed over"), now);
      old = core_.FindPeer(holder);
      if (old != nullptr) old->handed_over = true;
    }
  }
  table_.Remove(peer);
  if (!std::ranges::equal(peer->routing_id.bytes(), id.bytes())) Rename(peer);
  peer->routing_id = id;
  peer->handed_over = false;
  table_.Add(peer);
  return absl::OkStatus();
}

// Another answers where we dialed: what the one before sent stays that one's.
void RouterPattern::Rename(Peer* peer) {
  peer->renamed = !peer->old.empty();
  for (Link* link : peer->old) {
    if (link->routing_id.empty()) link->routing_id = peer->routing_id;
  }
}

void RouterPattern::OnPeerDown(Peer* peer, bool gone) {
  // A dialer's peer keeps its id, and its queue, for the next link (ALL-1).
  if (!gone && peer->dialer && !peer->given_up) return;
  table_.Remove(peer);
}

absl::Status RouterPattern::Send(Message* message, Instant now) {
  if (message->to().empty()) {
    return absl::FailedPreconditionError("send: ROUTER needs a destination; call set_to first");
  }
  const bool mandatory = core_.options().router_mandatory;
  Peer* peer = table_.Destination(*message);
  if (peer == nullptr || peer->given_up) {
    if (mandatory) return absl::NotFoundError("");
    core_.CountDropped();
  } else {
    if (core_.SendToPeer(peer, message, {}, now)) return absl::OkStatus();
    if (mandatory) return absl::UnavailableError("");
    core_.DropFor(peer);
  }
  message->Clear();
  return absl::OkStatus();
}

bool RouterPattern::Receive(Message* out, Instant now) {
  if (!core_.ReceiveFair(out, now)) return false;
  const Peer* peer = core_.FindPeer(out->peer());
  if (peer == nullptr) return true;
  if (peer->renamed && !peer->old.empty()) [[unlikely]] {
    // The oldest link alone delivers.
    const Slice& own = peer->old.front()->routing_id;
    out->set_to(own.empty() ? peer->routing_id : own);
    return true;
  }
  out->set_to(peer->routing_id);
  return true;
}

}  // namespace monocoque
