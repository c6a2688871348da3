#ifndef MONOCOQUE_PROTOCOL_SOCKET_RADIO_H_
#define MONOCOQUE_PROTOCOL_SOCKET_RADIO_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/publisher.h"
#include "protocol/socket/subscription_table.h"

namespace monocoque {

// RADIO (RFC 48): each message to those who joined its group, exactly, once each (RADIO-5). Never
// waits; what a peer at its mark misses is dropped for it alone and counted (RADIO-2). Input is
// read and dropped (RADIO-3).
class RadioPattern final : public Pattern {
 public:
  explicit RadioPattern(SocketCore* core);

  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  absl::Status Admit(Peer* peer, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;
  void OnSubscription(Peer* peer, const ConnectionEvent& event, Instant now) override;
  void OnRoom(Peer* peer) override;
  std::size_t topics() const override { return table_.topics(); }

  bool CanSend() const override { return core_.CanPublish(); }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;

  bool Receive(Message*, Instant) override { return false; }
  absl::Status ReceiveStatus() const override { return OnlySends(); }
  bool drops_input() const override { return true; }

 private:
  SubscriptionTable table_;
  Publisher publisher_;
};

// OK for 0 to 255 octets, none of them zero (GROUP-1).
absl::Status CheckGroup(std::string_view group);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_RADIO_H_
