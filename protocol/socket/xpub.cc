#include "protocol/socket/xpub.h"

#include <string>
#include <utility>

#include "protocol/drive/cause.h"

namespace monocoque {

// What a peer says right behind its handshake is looked at with it, and whoever goes leaves
// cancellations: held back, each that comes would bring some all the same.
absl::Status XPubPattern::Admit(Peer* peer, Instant now) {
  if (core_.holds_input()) return TerminalStatus(Cause::kLimit, "busy");
  return PubPattern::Admit(peer, now);
}

void XPubPattern::OnSubscription(Peer* peer, const ConnectionEvent& event, Instant now) {
  if (!core_.options().xpub_manual) {
    PubPattern::OnSubscription(peer, event, now);
    return;
  }
  const bool subscribe = event.kind == ConnectionEvent::Kind::kSubscribe;
  if (!subscribe && event.kind != ConnectionEvent::Kind::kUnsubscribe) return;
  Subscriber& asked = asked_.try_emplace(peer->id, peer).first->second;
  const std::string_view prefix = event.data.text();
  if (!subscribe) {
    asked_table_.Remove(&asked, prefix);
  } else if (asked_table_.Add(&asked, prefix, core_.LimitsOf(*peer)) ==
             SubscriptionTable::Result::kRefused) {
    core_.RefuseSubscription(*peer);
    return;
  }
  Notify(*peer, subscribe, prefix);
}

void XPubPattern::OnPeerDown(Peer* peer, bool gone) {
  PubPattern::OnPeerDown(peer, gone);
  const auto it = asked_.find(peer->id);
  if (it == asked_.end()) return;
  for (const SubscriptionTable::Removed& removed : asked_table_.RemoveAll(&it->second)) {
    Notify(*peer, /*subscribe=*/false, removed.prefix);
  }
  asked_.erase(it);
}

void XPubPattern::OnChange(Peer* peer, bool subscribe, std::string_view prefix, bool known,
                           bool edge) {
  const SocketOptions& options = core_.options();
  // Manual mode: the application did it itself. XPUB-8: a cancellation of nothing is nothing.
  if (options.xpub_manual || (known && !subscribe)) return;
  const bool all = options.xpub_verboser || (subscribe && options.xpub_verbose);
  if (edge || all) Notify(*peer, subscribe, prefix);
}

void XPubPattern::Notify(const Peer& peer, bool subscribe, std::string_view prefix) {
  if (core_.closing()) return;
  std::string body(1, subscribe ? '\x01' : '\x00');
  body.append(prefix);
  Message notice(body);
  notice.set_peer(peer.id);
  waiting_bytes_ += notice.wire_bytes();
  waiting_.push_back({std::move(notice), true});
  // Not only once the turn's work is done: they may come faster.
  if (full()) core_.HoldInput(true);
}

// Once full, until half of it is gone: all links are told of each change.
bool XPubPattern::full() const {
  const std::size_t scale = core_.holds_input() ? 2 : 1;
  return core_.options().receive_mark.Reached(waiting_.size() * scale, waiting_bytes_ * scale);
}

// Subscriptions in message form lie between messages: they take effect although nobody receives.
void XPubPattern::Process(Instant now) {
  for (Message message; !full() && core_.ReceiveFair(&message, now); message = Message()) {
    waiting_bytes_ += message.wire_bytes();
    waiting_.push_back({std::move(message), false});
  }
  core_.HoldInput(full());
}

bool XPubPattern::Receive(Message* out, Instant now) {
  handed_out_ = PeerId();
  if (waiting_.empty()) {
    Message message;
    const bool found = core_.ReceiveFair(&message, now);
    // Looking for messages may have found subscriptions, which came before.
    if (waiting_.empty()) {
      if (found) *out = std::move(message);
      return found;
    }
    if (found) {
      waiting_bytes_ += message.wire_bytes();
      waiting_.push_back({std::move(message), false});
    }
  }
  Waiting first = waiting_.take_front();
  waiting_bytes_ -= first.message.wire_bytes();
  if (waiting_.empty()) waiting_.Shrink();
  *out = std::move(first.message);
  if (first.notice) handed_out_ = out->peer();
  core_.HoldInput(full());
  return true;
}

void XPubPattern::OnClose() {
  waiting_.clear();
  waiting_bytes_ = 0;
  core_.HoldInput(false);
}

void XPubPattern::Taken() {
  if (handed_out_) noticed_ = handed_out_;
}

absl::Status XPubPattern::ApplyFor(Peer* peer, bool subscribe, Bytes prefix) {
  if (!core_.options().xpub_manual) {
    return absl::FailedPreconditionError(
        "subscribe: XPUB does this in manual mode only; set xpub_manual");
  }
  if (peer->subscriber == nullptr || (peer->link == nullptr && peer->next == nullptr)) {
    return absl::NotFoundError("subscribe: the peer is gone");
  }
  return Apply(peer, subscribe, Slice::Copy(prefix));
}

absl::Status XPubPattern::ApplyForLast(bool subscribe, Bytes prefix) {
  Peer* peer = core_.FindPeer(noticed_);
  if (peer == nullptr) {
    return absl::NotFoundError("subscribe: no subscription was received whose peer is still there");
  }
  absl::Status applied = ApplyFor(peer, subscribe, prefix);
  if (applied.ok() && subscribe && core_.options().xpub_manual_last_value) last_for_ = noticed_;
  return applied;
}

absl::Status XPubPattern::Subscribe(Bytes prefix, Instant /*now*/) {
  return ApplyForLast(true, prefix);
}
absl::Status XPubPattern::Unsubscribe(Bytes prefix, Instant /*now*/) {
  return ApplyForLast(false, prefix);
}
absl::Status XPubPattern::SubscribeFor(Peer* peer, Bytes prefix, Instant /*now*/) {
  return ApplyFor(peer, true, prefix);
}
absl::Status XPubPattern::UnsubscribeFor(Peer* peer, Bytes prefix, Instant /*now*/) {
  return ApplyFor(peer, false, prefix);
}

absl::Status XPubPattern::Send(Message* message, Instant /*now*/) {
  const Peer* only = core_.FindPeer(last_for_);
  if (last_for_ && (only == nullptr || only->subscriber == nullptr)) {
    // It was for nobody else.
    last_for_ = PeerId();
    core_.CountDropped();
    message->Clear();
    return absl::OkStatus();
  }
  absl::Status sent = Publish(message, only);
  if (sent.ok()) last_for_ = PeerId();
  return sent;
}

}  // namespace monocoque
