#include "protocol/socket/xsub.h"

namespace monocoque {

bool XSubPattern::TakeSubscription(Bytes part, Instant now) {
  if (part.empty() || part[0] > 1) return false;
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
  if (TakeSubscription(message->bytes(), now)) {
    if (!core_.options().only_first_subscribe) {
      for (std::size_t i = 1; i < message->part_count(); ++i) {
        TakeSubscription((*message)[i].bytes(), now);
      }
    }
  } else {
    core_.ForEachRecipient([&](Peer* peer) {
      if (!core_.SendCopy(peer, *message, {})) core_.CountDropped();
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
