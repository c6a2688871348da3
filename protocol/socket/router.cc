#include "protocol/socket/router.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/drive/entropy.h"

namespace monocoque {

RouterPattern::RouterPattern(SocketCore* core) : Pattern(core) {
  // Generated ids begin at random, so that an id from before a restart names nobody.
  std::array<std::uint8_t, 4> random{};
  core_.entropy()->Fill(random);
  for (std::uint8_t octet : random) next_id_ = next_id_ << 8 | octet;
}

Slice RouterPattern::NextGeneratedId() {
  for (;;) {
    const std::uint32_t id = next_id_++;
    const std::array<std::uint8_t, 5> octets = {
        0, static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
        static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
    if (!table_.contains(AsText(octets))) return Slice::Copy(Bytes(octets));
  }
}

absl::Status RouterPattern::CheckConnect(const LinkOptions& options) {
  if (!table_.contains(options.connect_routing_id)) return absl::OkStatus();
  return absl::AlreadyExistsError("connect: a peer has this connect_routing_id already");
}

void RouterPattern::OnPeerMade(Peer* peer, const LinkOptions& options) {
  if (options.connect_routing_id.empty()) return;
  peer->routing_id = Slice::Copy(options.connect_routing_id);
  Register(peer);
}

Slice RouterPattern::ChooseId(const Peer& peer) {
  const Dialer* dialer = core_.FindDialer(peer.dialer);
  if (dialer != nullptr && !dialer->options->connect_routing_id.empty()) {
    return Slice::Copy(dialer->options->connect_routing_id);
  }
  if (!peer.info->identity.empty()) return Slice::Copy(peer.info->identity);
  // A dialer's peer keeps the id we made for it over its links.
  const bool has_one = !peer.routing_id.empty() && peer.routing_id.data()[0] == 0;
  return has_one ? peer.routing_id : NextGeneratedId();
}

absl::Status RouterPattern::Admit(Peer* peer, Instant now) {
  const Slice id = ChooseId(*peer);
  if (auto it = table_.find(id.text()); it != table_.end() && it->second != peer->id) {
    if (core_.options().router_id_clash == RoutingIdClash::kRefuseNewcomer) {
      return TerminalStatus(Cause::kWeRejectedPeer, "routing id in use");
    }
    if (Peer* old = core_.FindPeer(it->second)) {
      Forget(old);
      core_.EndPeer(old, TerminalStatus(Cause::kWeRejectedPeer, "routing id handed over"), now);
    }
  }
  Forget(peer);
  peer->routing_id = id;
  Register(peer);
  return absl::OkStatus();
}

void RouterPattern::OnPeerDown(Peer* peer, bool gone) {
  // A dialer's peer keeps its id, and its queue, for the next link (ALL-1).
  if (!gone && peer->dialer && !peer->given_up) return;
  Forget(peer);
}

void RouterPattern::Register(Peer* peer) {
  table_[std::string(peer->routing_id.text())] = peer->id;
  peer->routed = true;
}

void RouterPattern::Forget(Peer* peer) {
  if (std::exchange(peer->routed, false)) table_.erase(std::string(peer->routing_id.text()));
}

PeerId RouterPattern::FindPeer(Bytes routing_id) const {
  const auto it = table_.find(AsText(routing_id));
  return it == table_.end() ? PeerId() : it->second;
}

absl::Status RouterPattern::Undelivered(Message* message, absl::Status why) {
  if (core_.options().router_mandatory) return why;
  core_.CountDropped();
  message->Clear();
  return absl::OkStatus();
}

// A reply is marked with its peer already; that spares the search, if the peer still has this id.
Peer* RouterPattern::Destination(const Message& message) const {
  const Bytes id = message.to();
  Peer* origin = core_.FindPeer(message.peer());
  if (origin != nullptr && origin->routed && std::ranges::equal(origin->routing_id.bytes(), id)) {
    return origin;
  }
  const auto it = table_.find(AsText(id));
  return it == table_.end() ? nullptr : core_.FindPeer(it->second);
}

absl::Status RouterPattern::Send(Message* message, Instant now) {
  if (message->to().empty()) {
    return absl::FailedPreconditionError("send: ROUTER needs a destination; call set_to first");
  }
  Peer* peer = Destination(*message);
  if (peer == nullptr || peer->given_up) return Undelivered(message, absl::NotFoundError(""));
  if (core_.SendToPeer(peer, message, {}, now)) return absl::OkStatus();
  return Undelivered(message, absl::UnavailableError(""));
}

bool RouterPattern::Receive(Message* out, Instant now) {
  if (!core_.ReceiveFair(out, now)) return false;
  if (const Peer* peer = core_.FindPeer(out->peer())) out->set_to(peer->routing_id);
  return true;
}

}  // namespace monocoque
