#include "protocol/socket/req.h"

#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/drive/entropy.h"
#include "protocol/wire/frame.h"

namespace monocoque {
namespace {

std::uint32_t NumberOf(Bytes octets) {
  std::uint32_t number = 0;
  for (std::uint8_t octet : octets) number = number << 8 | octet;
  return number;
}

}  // namespace

ReqPattern::ReqPattern(SocketCore* core)
    : Pattern(core), envelope_{frame::kMore, kIdBytes, 0, 0, 0, 0, frame::kMore, 0} {
  // Numbers begin at random, so that a reply to a request from before a restart fits none.
  std::array<std::uint8_t, kIdBytes> random{};
  core_.entropy()->Fill(random);
  number_ = NumberOf(random);
}

absl::Status ReqPattern::CheckTurn() const {
  if (may_ask()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "send: REQ is waiting for a reply; receive it first, or set req_relaxed");
}

Bytes ReqPattern::Envelope() {
  if (!core_.options().req_correlate) return Bytes(envelope_).subspan(2 + kIdBytes);
  for (std::size_t i = 0; i < kIdBytes; ++i) {
    envelope_[2 + i] = static_cast<std::uint8_t>((number_ + 1) >> (24 - 8 * i));
  }
  return envelope_;
}

void ReqPattern::Asked(PeerId peer) {
  ++number_;
  asked_ = peer;
  waiting_ = true;
  abandoned_ = false;
  if (!has_reply_ && !shown_) return;
  // Of the request that was given up.
  core_.CountDropped();
  reply_.Clear();
  has_reply_ = shown_ = false;
}

absl::Status ReqPattern::Send(Message* message, Instant now) {
  if (absl::Status turn = CheckTurn(); !turn.ok()) return turn;
  Process(now);
  PeerId peer;
  absl::Status sent = core_.SendBalanced(message, Envelope(), now, &peer);
  if (sent.ok()) Asked(peer);
  return sent;
}

absl::Status ReqPattern::SendTo(Peer* peer, Message* message, Instant now) {
  if (absl::Status turn = CheckTurn(); !turn.ok()) return turn;
  // What is dropped here may end its link, and with it the peer.
  const PeerId id = peer->id;
  Process(now);
  peer = core_.FindPeer(id);
  if (peer == nullptr) return absl::NotFoundError("");
  if (!core_.SendToPeer(peer, message, Envelope(), now)) return absl::UnavailableError("");
  Asked(peer->id);
  return absl::OkStatus();
}

void ReqPattern::Process(Instant now) {
  for (Message message; core_.ReceiveFair(&message, now); message.Clear()) {
    const bool expected = waiting_ && !has_reply_ && !shown_ && message.peer() == asked_;
    if (Open(&message, now) && expected) {
      reply_ = std::move(message);
      has_reply_ = true;
    } else {
      core_.CountDropped();
    }
  }
}

void ReqPattern::OnClose() {
  has_reply_ = false;
  reply_.Clear();
}

bool ReqPattern::Receive(Message* out, Instant now) {
  if (!waiting_) return false;
  Process(now);
  if (!has_reply_) return false;
  *out = std::move(reply_);
  has_reply_ = false;
  shown_ = true;
  return true;
}

void ReqPattern::Taken() { waiting_ = shown_ = false; }

bool ReqPattern::Open(Message* message, Instant now) {
  const bool multipart = message->multipart();
  const Bytes first = message->bytes();
  const bool bare = multipart && first.empty();
  const bool numbered =
      multipart && first.size() == kIdBytes && (*message)[1].empty() && message->part_count() > 2;
  if (bare || numbered) {
    // A reply to another request than ours is dropped; the link stays.
    if (!core_.options().req_correlate) return bare && message->DropFront(1);
    return numbered && NumberOf(first) == number_ && message->DropFront(2);
  }
  // REQ-9: without its delimiter this is no reply, and the peer no REP or ROUTER.
  if (Peer* peer = core_.FindPeer(message->peer())) {
    core_.FailPeer(peer,
                   TerminalStatus(Cause::kPeerViolation, "a reply without its empty delimiter"), "",
                   now);
  }
  return false;
}

absl::Status ReqPattern::ReceiveStatus() const {
  if (waiting_) return absl::UnavailableError("");
  if (abandoned_) {
    return absl::FailedPreconditionError(
        "receive: the request was lost with its peer, or the reply; send the request again");
  }
  return absl::FailedPreconditionError("receive: REQ has sent no request; send one first");
}

void ReqPattern::OnPeerDown(Peer* peer, bool gone) {
  if (gone) Abandon(peer->id);
}

// Ours is the last that was sent: while anything waits for the next link, it does.
void ReqPattern::OnLost(Peer* peer) {
  if (peer->queue.empty()) Abandon(peer->id);
}

void ReqPattern::Abandon(PeerId peer) {
  if (!waiting_ || has_reply_ || shown_ || peer != asked_) return;
  waiting_ = false;
  abandoned_ = true;
}

}  // namespace monocoque
