#include "protocol/socket/radio.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "protocol/socket/single_part.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"

namespace monocoque {

absl::Status CheckGroup(std::string_view group) {
  if (ParseGroup(AsBytes(group)).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError("a group has at most 255 octets, none of them zero");
}

RadioPattern::RadioPattern(SocketCore* core)
    : Pattern(core), table_(core->budget()), publisher_(core) {}

void RadioPattern::OnPeerMade(Peer* peer, const LinkOptions& /*options*/) {
  peer->subscriber = std::make_unique<Subscriber>(peer);
}

absl::Status RadioPattern::Admit(Peer* peer, Instant /*now*/) {
  if (peer->subscriber == nullptr) peer->subscriber = std::make_unique<Subscriber>(peer);
  return absl::OkStatus();
}

void RadioPattern::OnPeerDown(Peer* peer, bool gone) {
  if (peer->subscriber == nullptr) return;
  table_.RemoveAll(peer->subscriber.get());
  if (gone) peer->subscriber.reset();
}

void RadioPattern::OnSubscription(Peer* peer, const ConnectionEvent& event, Instant /*now*/) {
  const std::string_view group = event.data.text();
  if (event.kind == ConnectionEvent::Kind::kLeave) {
    table_.Leave(peer->subscriber.get(), group);
  } else if (table_.Join(peer->subscriber.get(), group, core_.LimitsOf(*peer)) ==
             SubscriptionTable::Result::kRefused) {
    core_.RefuseSubscription(*peer);
  }
}

void RadioPattern::OnRoom(Peer* peer) {
  if (peer->subscriber != nullptr) publisher_.OnRoom(peer->subscriber.get());
}

absl::Status RadioPattern::Send(Message* message, Instant /*now*/) {
  const std::string_view group = AsText(message->group());
  if (absl::Status fits = CheckSinglePart(core_.type(), *message); !fits.ok()) return fits;
  if (absl::Status fits = CheckGroup(group); !fits.ok()) return fits;
  const absl::Span<Subscriber* const> members = table_.Having(group);
  if (core_.options().xpub_nodrop && !std::ranges::all_of(members, [this](const Subscriber* each) {
        return core_.AskRoom(each->peer);
      })) {
    return absl::UnavailableError("");
  }
  if (absl::Status kept = Publisher::Keep(message); !kept.ok()) return kept;
  std::array<std::uint8_t, frame::kShortHeaderBytes + command::kMaxGroup> frame;
  frame[0] = frame::kMore;
  frame[1] = static_cast<std::uint8_t>(group.size());
  std::ranges::copy(AsBytes(group), frame.begin() + frame::kShortHeaderBytes);
  const Bytes prefix = Bytes(frame).first(frame::kShortHeaderBytes + group.size());
  for (Subscriber* member : members) publisher_.SendTo(member, *message, prefix);
  core_.CountSent();
  message->Clear();
  return absl::OkStatus();
}

absl::Status RadioPattern::SendTo(Peer*, Message*, Instant) {
  return absl::FailedPreconditionError(
      "send: RADIO's messages go to whoever joined their group, not to one peer");
}

}  // namespace monocoque
