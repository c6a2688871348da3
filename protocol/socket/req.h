#ifndef MONOCOQUE_PROTOCOL_SOCKET_REQ_H_
#define MONOCOQUE_PROTOCOL_SOCKET_REQ_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

// REQ (RFC 28): one request, then one reply from the peer that got it, in strict alternation. An
// empty delimiter goes in front of each request and is taken off each reply; with req_correlate a
// number is in front of that, without which nothing is a reply (REQ-10).
//
// With req_relaxed a request may follow a request: the earlier one is given up, and its reply
// dropped.
class ReqPattern final : public Pattern {
 public:
  explicit ReqPattern(SocketCore* core);

  void OnPeerDown(Peer* peer, bool gone) override;
  void OnLost(Peer* peer) override;
  bool CanSend() const override { return may_ask() && core_.AnyPeerCanTake(); }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  void OnClose() override;
  bool Receive(Message* out, Instant now) override;
  void Taken() override;
  bool KeepsShown() const override { return shown_; }
  // Takes what came, so that a peer that breaks the rules is found although nobody receives. The
  // reply is kept for Receive; what is unsolicited, or from somebody else, is dropped (REQ-7).
  void Process(Instant now) override;
  absl::Status ReceiveStatus() const override;

 private:
  // Octets of a correlation id, a frame of its own.
  static constexpr std::size_t kIdBytes = 4;

  bool may_ask() const { return !waiting_ || core_.options().req_relaxed; }
  absl::Status CheckTurn() const;
  // What goes in front of the next request.
  Bytes Envelope();
  // The request is lost, or its reply: another may be sent.
  void Abandon(PeerId peer);
  // It was sent to this peer.
  void Asked(PeerId peer);
  // Strips a reply's envelope. False: the message is to be dropped, and the peer was dealt with.
  bool Open(Message* message, Instant now);

  // Two frames in wire form: the number of the next request, and the delimiter.
  std::array<std::uint8_t, 2 + kIdBytes + 2> envelope_;
  std::uint32_t number_ = 0;  // of the last request

  PeerId asked_;  // who got the last request
  bool waiting_ = false;
  Message reply_;  // of asked_, while has_reply_
  bool has_reply_ = false;
  bool shown_ = false;      // Receive gave the reply out, and it was not taken yet
  bool abandoned_ = false;  // no reply can come
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_REQ_H_
