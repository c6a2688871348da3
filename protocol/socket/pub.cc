#include "protocol/socket/pub.h"

#include <algorithm>
#include <utility>

namespace monocoque {

PubPattern::PubPattern(SocketCore* core)
    : Pattern(core), table_(core->budget()), publisher_(core) {}

void PubPattern::OnPeerMade(Peer* peer, const LinkOptions& /*options*/) {
  peer->subscriber = std::make_unique<Subscriber>(peer);
}

absl::Status PubPattern::Admit(Peer* peer, Instant /*now*/) {
  if (peer->subscriber == nullptr) peer->subscriber = std::make_unique<Subscriber>(peer);
  return absl::OkStatus();
}

void PubPattern::OnPeerDown(Peer* peer, bool gone) {
  Subscriber* subscriber = peer->subscriber.get();
  if (subscriber == nullptr) return;
  publisher_.Leave(subscriber);
  for (const SubscriptionTable::Removed& removed : table_.RemoveAll(subscriber)) {
    OnChange(peer, /*subscribe=*/false, removed.prefix, /*known=*/false, removed.last);
  }
  if (gone) peer->subscriber.reset();
}

void PubPattern::OnSubscription(Peer* peer, const ConnectionEvent& event, Instant /*now*/) {
  const bool subscribe = event.kind == ConnectionEvent::Kind::kSubscribe;
  if (subscribe || event.kind == ConnectionEvent::Kind::kUnsubscribe) {
    (void)Apply(peer, subscribe, event.data);
  }
}

absl::Status PubPattern::Apply(Peer* peer, bool subscribe, const Slice& prefix) {
  Subscriber* subscriber = peer->subscriber.get();
  const bool had_everything = subscriber->everything;
  const SubscriptionTable::Result result =
      subscribe ? table_.Add(subscriber, prefix.text(), core_.LimitsOf(*peer))
                : table_.Remove(subscriber, prefix.text());
  if (result == SubscriptionTable::Result::kRefused) {
    core_.RefuseSubscription(*peer);
    return absl::ResourceExhaustedError(
        "subscribe: beyond the limit of the peer's subscriptions, or no memory for more");
  }
  if (subscriber->everything != had_everything) {
    if (had_everything) {
      publisher_.Leave(subscriber);
    } else {
      publisher_.Join(subscriber);
    }
  }
  OnChange(peer, subscribe, prefix.text(), result == SubscriptionTable::Result::kNothing,
           result == SubscriptionTable::Result::kEdge);
  return absl::OkStatus();
}

Unsent PubPattern::Ungathered(const Peer& peer) const {
  if (peer.subscriber == nullptr) return {};
  return publisher_.Ungathered(*peer.subscriber);
}

void PubPattern::Gather(Peer* peer) {
  if (peer->subscriber != nullptr) publisher_.Gather(peer->subscriber.get());
}

void PubPattern::OnRoom(Peer* peer) {
  if (peer->subscriber != nullptr) publisher_.OnRoom(peer->subscriber.get());
}

void PubPattern::Match(const Message& message) {
  to_everything_ = true;
  table_.Match(message.text(), [this](Subscriber* found) { matched_.push_back(found); });
}

// All that have no matching subscription, those without any included.
void PubPattern::MatchInverted(const Message& message) {
  excluded_.clear();
  table_.Match(message.text(), [this](const Subscriber* found) { excluded_.push_back(found); });
  std::ranges::sort(excluded_);
  to_everything_ = false;
  core_.ForEachAttached([&](Peer* peer) {
    Subscriber* subscriber = peer->subscriber.get();
    if (!subscriber->everything && !std::ranges::binary_search(excluded_, subscriber)) {
      matched_.push_back(subscriber);
    }
  });
}

bool PubPattern::AllCanTake(const Message& message) {
  if (to_everything_ && !publisher_.AllCanTake(message)) return false;
  return std::ranges::all_of(matched_,
                             [this](const Subscriber* each) { return core_.AskRoom(each->peer); });
}

absl::Status PubPattern::Publish(Message* message, const Peer* only) {
  matched_.clear();
  if (core_.options().invert_matching) {
    MatchInverted(*message);
  } else {
    Match(*message);
  }
  if (only != nullptr) {
    const Subscriber* target = only->subscriber.get();
    const bool wants =
        (to_everything_ && target->everything) || std::ranges::count(matched_, target) > 0;
    matched_.clear();
    to_everything_ = false;
    if (wants) matched_.push_back(only->subscriber.get());
  }
  if (core_.options().xpub_nodrop && !AllCanTake(*message)) return absl::UnavailableError("");
  if (absl::Status kept = Publisher::Keep(message); !kept.ok()) return kept;
  if (to_everything_) publisher_.Publish(*message, {});
  for (Subscriber* each : matched_) publisher_.SendTo(each, *message, {});
  core_.CountSent();
  message->Clear();
  return absl::OkStatus();
}

absl::Status PubPattern::Send(Message* message, Instant /*now*/) {
  return Publish(message, nullptr);
}

absl::Status PubPattern::SendTo(Peer* /*peer*/, Message* /*message*/, Instant /*now*/) {
  return absl::FailedPreconditionError(
      "send: a publisher's messages go to whoever subscribed, not to one peer");
}

absl::Status PubPattern::ReceiveStatus() const { return OnlySends(); }

}  // namespace monocoque
