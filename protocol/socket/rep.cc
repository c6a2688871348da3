#include "protocol/socket/rep.h"

#include "protocol/wire/frame.h"

namespace monocoque {

// What was not sent to an asker is not kept for whoever answers its dialer next.
void RepPattern::OnPeerMade(Peer* peer, const LinkOptions& /*options*/) { peer->immediate = true; }

void RepPattern::OnPeerDown(Peer* peer, bool /*gone*/) {
  if (peer->id == asker_) asker_here_ = false;
}

bool RepPattern::TakeEnvelope(Message* message) {
  if (!message->multipart()) return false;
  const Bytes frames = message->payload().bytes();
  std::size_t at = 0;
  for (std::size_t parts = 1;; ++parts) {
    FrameHeader header;
    if (ParseFrameHeader(frames.subspan(at), &header) != FrameParse::kOk || !header.more()) {
      return false;  // no delimiter, or nothing behind it
    }
    at += header.header_bytes + static_cast<std::size_t>(header.body_bytes);
    if (header.body_bytes > 0) continue;
    envelope_ = at <= Slice::kInlineBytes ? Slice::Copy(frames.first(at))
                                          : message->payload().ToSlice().Sub(0, at);
    return message->DropFront(parts);
  }
}

bool RepPattern::Receive(Message* out, Instant now) {
  if (replying_) return false;
  while (core_.ReceiveFair(out, now)) {
    if (TakeEnvelope(out)) {
      asker_ = out->peer();
      // A link that is over delivers before the next one does.
      const Peer* peer = core_.FindPeer(asker_);
      asker_here_ = peer != nullptr && peer->link != nullptr && peer->old.empty();
      return true;
    }
    // REP-8: dropped, and the link stays.
    core_.CountDropped();
    out->Clear();
  }
  return false;
}

Peer* RepPattern::Asker() const { return asker_here_ ? core_.FindPeer(asker_) : nullptr; }

// What goes to nobody, or to an asker at its mark, is taken and dropped.
bool RepPattern::CanSend() const {
  const Peer* asker = replying_ ? Asker() : nullptr;
  return replying_ && (asker == nullptr || core_.CanTake(*asker) || core_.AtSendMark(*asker));
}

absl::Status RepPattern::Send(Message* message, Instant now) {
  if (!replying_) {
    return absl::FailedPreconditionError("send: REP has no request to answer; receive one first");
  }
  Peer* asker = Asker();
  if (asker == nullptr) {
    // REP-6: the asker is gone, and nobody else may have the reply.
    core_.CountDropped();
    message->Clear();
  } else if (!core_.SendToPeer(asker, message, envelope_.bytes(), now)) {
    if (!core_.AtSendMark(*asker)) return absl::UnavailableError("");
    // It does not read; others do not wait for that.
    core_.DropFor(asker);
    message->Clear();
  }
  replying_ = false;
  envelope_ = Slice();
  return absl::OkStatus();
}

absl::Status RepPattern::SendTo(Peer* peer, Message* message, Instant now) {
  if (replying_ && peer->id != asker_) return absl::NotFoundError("");
  return Send(message, now);
}

absl::Status RepPattern::ReceiveStatus() const {
  if (!replying_) return absl::UnavailableError("");
  return absl::FailedPreconditionError("receive: REP owes a reply; send it first");
}

}  // namespace monocoque
