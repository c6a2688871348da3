#ifndef MONOCOQUE_PROTOCOL_SOCKET_XPUB_H_
#define MONOCOQUE_PROTOCOL_SOCKET_XPUB_H_

#include <cstddef>
#include <map>
#include <string_view>

#include "absl/status/status.h"
#include "alloc/ring_queue.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pub.h"

namespace monocoque {

// XPUB (RFC 29): PUB whose application sees subscriptions, as messages of one part: 1 or 0 and the
// prefix (S-10), and the messages of subscribers. By default the first subscription of a prefix and
// the last cancellation show (XPUB-5); cancellations are made up for who vanished (XPUB-6).
//
// Manual: nothing that a peer asks for takes effect by itself; all of it shows, and Subscribe acts
// for the peer of the notice taken last.
//
// Invariant: what waits for the application has a limit; beyond it nothing is read, and no further
// peer is admitted.
class XPubPattern final : public PubPattern {
 public:
  explicit XPubPattern(SocketCore* core) : PubPattern(core), asked_table_(core->budget()) {}

  absl::Status Admit(Peer* peer, Instant now) override;
  void OnSubscription(Peer* peer, const ConnectionEvent& event, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;
  void Process(Instant now) override;

  absl::Status Send(Message* message, Instant now) override;
  void OnClose() override;
  bool Receive(Message* out, Instant now) override;
  void Taken() override;
  absl::Status ReceiveStatus() const override { return absl::UnavailableError(""); }
  bool drops_input() const override { return false; }

  absl::Status Subscribe(Bytes prefix, Instant now) override;
  absl::Status Unsubscribe(Bytes prefix, Instant now) override;
  absl::Status SubscribeFor(Peer* peer, Bytes prefix, Instant now) override;
  absl::Status UnsubscribeFor(Peer* peer, Bytes prefix, Instant now) override;

 protected:
  void OnChange(Peer* peer, bool subscribe, std::string_view prefix, bool known,
                bool edge) override;

 private:
  struct Waiting {
    Message message;
    bool notice;
  };

  void Notify(const Peer& peer, bool subscribe, std::string_view prefix);
  absl::Status ApplyFor(Peer* peer, bool subscribe, Bytes prefix);
  absl::Status ApplyForLast(bool subscribe, Bytes prefix);
  bool full() const;

  // Manual mode: what peers asked for; the table of PubPattern has what the application gave them.
  SubscriptionTable asked_table_;
  std::map<PeerId, Subscriber> asked_;
  RingQueue<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  PeerId handed_out_;  // whose notice Receive gave last
  PeerId noticed_;     // whose notice the application took last
  PeerId last_for_;  // manual last value: the next message goes to this peer alone, if there is one
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_XPUB_H_
