#ifndef MONOCOQUE_PROTOCOL_SOCKET_SINGLE_PART_H_
#define MONOCOQUE_PROTOCOL_SOCKET_SINGLE_PART_H_

#include "absl/status/status.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/core.h"
#include "protocol/socket/parts.h"
#include "protocol/wire/message.h"

namespace monocoque {

// OK for one part; more are refused with a sentence.
absl::Status CheckSinglePart(SocketType type, const Message& message);

// A pattern of messages of one part (ALL-10): more are refused on sending, and what has more on
// receipt is dropped whole and counted.
template <typename Base>
class SinglePart final : public Base {
 public:
  using Base::Base;

  absl::Status Send(Message* message, Instant now) override {
    if (message->multipart()) [[unlikely]]
      return CheckSinglePart(this->core_.type(), *message);
    return Base::Send(message, now);
  }
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override {
    if (message->multipart()) return CheckSinglePart(this->core_.type(), *message);
    return Base::SendTo(peer, message, now);
  }
  bool Receive(Message* out, Instant now) override {
    while (Base::Receive(out, now)) {
      if (!out->multipart()) [[likely]]
        return true;
      this->core_.CountDropped();
      out->Clear();
    }
    return false;
  }
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_SINGLE_PART_H_
