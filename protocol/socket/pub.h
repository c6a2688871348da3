#ifndef MONOCOQUE_PROTOCOL_SOCKET_PUB_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PUB_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "alloc/slice.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/publisher.h"
#include "protocol/socket/subscription_table.h"

namespace monocoque {

// PUB (RFC 29): each message to all whose subscriptions it matches, once each, filtered here
// (PUB-4). Never waits; what a peer at its mark misses is dropped for it alone and counted (PUB-5).
// Messages from subscribers are read and dropped (PUB-3). XPUB builds on it.
class PubPattern : public Pattern {
 public:
  explicit PubPattern(SocketCore* core);

  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  absl::Status Admit(Peer* peer, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;
  void OnSubscription(Peer* peer, const ConnectionEvent& event, Instant now) override;
  void Gather(Peer* peer) override;
  void OnRoom(Peer* peer) override;
  std::size_t pending_bytes() const override { return publisher_.pending_bytes(); }
  Unsent Ungathered(const Peer& peer) const override;
  std::size_t topics() const override { return table_.topics(); }

  bool CanSend() const override { return core_.CanPublish(); }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;

  bool Receive(Message*, Instant) override { return false; }
  absl::Status ReceiveStatus() const override;
  bool drops_input() const override { return true; }

 protected:
  // A subscription of the peer's came or went: `known` says that it changed nothing for this peer,
  // `edge` that the prefix had no subscriber before, or has none any more.
  virtual void OnChange(Peer* /*peer*/, bool /*subscribe*/, std::string_view /*prefix*/,
                        bool /*known*/, bool /*edge*/) {}
  // Resource exhausted: the subscription was refused, which the event told.
  absl::Status Apply(Peer* peer, bool subscribe, const Slice& prefix);
  // To those whose subscriptions match. `only` (may be null): to this one at most.
  absl::Status Publish(Message* message, const Peer* only);

 private:
  void Match(const Message& message);
  void MatchInverted(const Message& message);
  bool AllCanTake(const Message& message);

  SubscriptionTable table_;
  Publisher publisher_;
  std::vector<Subscriber*> matched_;         // of the message at hand, by name
  std::vector<const Subscriber*> excluded_;  // with inverted matching
  bool to_everything_ = false;               // and all that joined the publisher
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PUB_H_
