#include "protocol/socket/xsub.h"

#include "protocol/wire/command.h"

namespace monocoque {

// Is there a subscription in it that is too long to be told?
absl::Status XSubPattern::CheckParts(const Message& message) const {
  if (!IsSubscription(message.bytes())) return absl::OkStatus();
  for (const Slice& part : message) {
    const Bytes octets = part.bytes();
    if (IsSubscription(octets) && octets[0] == 1) {
      if (absl::Status fits = CheckPrefix(octets.subspan(1)); !fits.ok()) return fits;
    }
    if (core_.options().only_first_subscribe) break;
  }
  return absl::OkStatus();
}

void XSubPattern::TakeSubscription(Bytes part, Instant now) {
  if (!IsSubscription(part)) return;
  const std::string_view prefix = AsText(part.subspan(1));
  if (part[0] == 1) {
    Add(prefix, now);
  } else {
    // XSUB-7: of nothing, it goes no further.
    Remove(prefix, core_.options().xsub_verbose_unsubscribe, now);
  }
}

absl::Status XSubPattern::Send(Message* message, Instant now) {
  if (absl::Status fits = CheckParts(*message); !fits.ok()) return fits;
  if (IsSubscription(message->bytes())) {
    for (const Slice& part : *message) {
      TakeSubscription(part.bytes(), now);
      if (core_.options().only_first_subscribe) break;
    }
  } else {
    core_.ForEachRecipient([&](Peer* peer) {
      if (!core_.SendCopy(peer, *message, {})) core_.DropFor(peer);
    });
  }
  core_.CountSent();
  message->Clear();
  return absl::OkStatus();
}

absl::Status XSubPattern::SendTo(Peer* peer, Message* message, Instant now) {
  return Pattern::SendTo(peer, message, now);
}

}  // namespace monocoque
