#include "protocol/socket/sub.h"

#include <string>

#include "protocol/drive/cause.h"

namespace monocoque {
namespace {

// A publisher that does not know what we want is worse than none: its link begins anew.
absl::Status NoMemory() {
  return TerminalStatus(Cause::kTransport, "no memory for a subscription");
}

}  // namespace

void SubPattern::OnPeerReady(Peer* /*peer*/, Link* link, Instant now) {
  subscriptions_.ForEach([&](const std::string& prefix, const Count&) {
    // The link's events are being drawn: its end is one of them.
    if (!TellOne(link, /*subscribe=*/true, prefix, now)) {
      link->connection->Fail(NoMemory(), "", now);
    }
  });
}

bool SubPattern::TellOne(Link* link, bool subscribe, std::string_view prefix, Instant now) {
  if (link->connection->SendSubscription(subscribe, AsBytes(prefix), now).ok()) {
    core_.MarkDirty(link);
    return true;
  }
  return !link->connection->status().ok();
}

void SubPattern::Tell(bool subscribe, std::string_view prefix, Instant now) {
  core_.ForEachReady([&](Peer* peer) {
    Link* link = peer->ready_link();
    if (!TellOne(link, subscribe, prefix, now)) core_.FailPeer(peer, NoMemory(), "", now);
  });
}

void SubPattern::Add(std::string_view prefix, Instant now) {
  if (++subscriptions_.Insert(prefix)->value.count > 1) return;
  ++topics_;
  Tell(/*subscribe=*/true, prefix, now);
}

bool SubPattern::Remove(std::string_view prefix, bool always, Instant now) {
  auto* node = subscriptions_.Find(prefix);
  if (node == nullptr || node->value.empty()) return false;
  const bool last = --node->value.count == 0;
  if (last) {
    --topics_;
    subscriptions_.Prune(node);
  }
  if (last || always) Tell(/*subscribe=*/false, prefix, now);
  return true;
}

absl::Status SubPattern::CheckPrefix(Bytes prefix) const {
  if (prefix.size() <= core_.options().link.limits.max_prefix_bytes()) return absl::OkStatus();
  return absl::InvalidArgumentError("subscribe: the prefix is longer than a command may be");
}

absl::Status SubPattern::Subscribe(Bytes prefix, Instant now) {
  if (absl::Status fits = CheckPrefix(prefix); !fits.ok()) return fits;
  Add(AsText(prefix), now);
  return absl::OkStatus();
}

absl::Status SubPattern::Unsubscribe(Bytes prefix, Instant now) {
  if (Remove(AsText(prefix), /*always=*/false, now)) return absl::OkStatus();
  return absl::NotFoundError("unsubscribe: there is no such subscription");
}

bool SubPattern::Wants(const Message& message) {
  return subscriptions_.Matches(message.text()) != core_.options().invert_matching;
}

bool SubPattern::Receive(Message* out, Instant now) {
  while (core_.ReceiveFair(out, now)) {
    if (SubPattern::Wants(*out)) return true;
    core_.CountDropped();
    out->Clear();
  }
  return false;
}

absl::Status SubPattern::Send(Message*, Instant) { return OnlyReceives(); }

absl::Status SubPattern::SendTo(Peer*, Message*, Instant) { return OnlyReceives(); }

}  // namespace monocoque
