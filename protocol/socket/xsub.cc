#include "protocol/socket/xsub.h"

#include "protocol/wire/command.h"

namespace monocoque {
// Is there a subscription in it that is too long to be told?
absl::Status XSubPattern::CheckParts(const Message& message) const {
  if (!IsSubscription(message.bytes())) return absl::OkStatus();
  const std::size_t parts = core_.options().only_first_subscribe ? 1 : message.part_count();
  for (std::size_t i = 0; i < parts; ++i) {
    const Bytes part = i == 0 ? message.bytes() : message[i].bytes();
    if (!IsSubscription(part) || part[0] == 0) continue;
    if (absl::Status fits = CheckPrefix(part.subspan(1)); !fits.ok()) return fits;
  }
  return absl::OkStatus();
}

bool XSubPattern::TakeSubscription(Bytes part, Instant now) {
  if (!IsSubscription(part)) return false;
  const std::string_view prefix = AsText(part.subspan(1));
  if (part[0] == 1) {
    Add(prefix, now);
  } else {
    // XSUB-7: of nothing, it goes no further.
    Remove(prefix, core_.options().xsub_verbose_unsubscribe, now);
  }
  return true;
}

absl::Status XSubPattern::Send(Message* message, Instant now) {
  if (absl::Status fits = CheckParts(*message); !fits.ok()) return fits;
  if (TakeSubscription(message->bytes(), now)) {
    if (!core_.options().only_first_subscribe) {
      for (std::size_t i = 1; i < message->part_count(); ++i) {
        TakeSubscription((*message)[i].bytes(), now);
      }
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
