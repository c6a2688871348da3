#include "protocol/socket/server.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "protocol/drive/entropy.h"
#include "protocol/wire/routing_number.h"

namespace monocoque {

NumberedPattern::NumberedPattern(SocketCore* core) : Pattern(core) {
  // Numbers begin at random, so that one from before a restart names nobody.
  std::array<std::uint8_t, 4> random{};
  core_.entropy()->Fill(random);
  for (std::uint8_t octet : random) next_ = next_ << 8 | octet;
}

void NumberedPattern::Register(Peer* peer) {
  while (next_ == 0 || table_.contains(next_)) ++next_;
  peer->routing_id = Slice::Copy(Bytes(RoutingIdOf(next_)));
  peer->routed = true;
  table_[next_++] = peer->id;
}

void NumberedPattern::OnPeerMade(Peer* peer, const LinkOptions& /*options*/) { Register(peer); }

absl::Status NumberedPattern::Admit(Peer* peer, Instant /*now*/) {
  if (!peer->routed) Register(peer);
  return absl::OkStatus();
}

void NumberedPattern::OnPeerDown(Peer* peer, bool gone) {
  // A dialer's peer keeps its number, and its queue, for the next link (ALL-1).
  if (!peer->routed || (!gone && peer->dialer && !peer->given_up)) return;
  table_.erase(RoutingNumberOf(peer->routing_id.bytes()));
  peer->routed = false;
}

PeerId NumberedPattern::FindPeer(Bytes routing_id) const {
  const auto it = table_.find(RoutingNumberOf(routing_id));
  return it == table_.end() ? PeerId() : it->second;
}

absl::Status NumberedPattern::Send(Message* message, Instant now) {
  const Bytes id = message->to();
  if (id.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("send: ", SocketTypeName(core_.type()),
                                                      " needs a destination; call set_to first"));
  }
  // A reply is marked with its peer already; that spares the search.
  Peer* peer = core_.FindPeer(message->peer());
  if (peer == nullptr || !peer->routed || !std::ranges::equal(peer->routing_id.bytes(), id)) {
    peer = core_.FindPeer(FindPeer(id));
  }
  if (peer == nullptr || peer->given_up) return absl::NotFoundError("");
  return core_.SendToPeer(peer, message, {}, now) ? absl::OkStatus() : absl::UnavailableError("");
}

bool NumberedPattern::Receive(Message* out, Instant now) {
  if (!core_.ReceiveFair(out, now)) return false;
  if (const Peer* peer = core_.FindPeer(out->peer())) out->set_to(peer->routing_id);
  return true;
}

}  // namespace monocoque
