#include "protocol/socket/req.h"

#include <array>
#include <cstdint>
#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/wire/frame.h"

namespace monocoque {
namespace {

// An empty part with more behind it.
constexpr std::array<std::uint8_t, 2> kDelimiter = {frame::kMore, 0};
// Octets of a correlation id, which a reply may carry in front of the delimiter (REQ-10).
constexpr std::size_t kCorrelationBytes = 4;

}  // namespace

absl::Status ReqPattern::CheckTurn() const {
  if (!waiting_) return absl::OkStatus();
  return absl::FailedPreconditionError("send: REQ is waiting for a reply; receive it first");
}

absl::Status ReqPattern::Send(Message* message, Instant now) {
  if (absl::Status turn = CheckTurn(); !turn.ok()) return turn;
  Process(now);
  absl::Status sent = core_.SendBalanced(message, kDelimiter, now, &asked_);
  waiting_ = sent.ok();
  if (waiting_) abandoned_ = false;
  return sent;
}

absl::Status ReqPattern::SendTo(Peer* peer, Message* message, Instant now) {
  if (absl::Status turn = CheckTurn(); !turn.ok()) return turn;
  Process(now);
  if (!core_.SendToPeer(peer, message, kDelimiter, now)) return absl::UnavailableError("");
  asked_ = peer->id;
  waiting_ = true;
  abandoned_ = false;
  return absl::OkStatus();
}

void ReqPattern::Process(Instant now) {
  while (!has_reply_ && core_.ReceiveFair(&reply_, now)) {
    const bool expected = waiting_ && reply_.peer() == asked_;
    has_reply_ = Open(&reply_, now) && expected;
    if (!has_reply_) DropReply();
  }
}

void ReqPattern::DropReply() {
  core_.CountDropped();
  reply_.Clear();
  has_reply_ = false;
}

bool ReqPattern::Receive(Message* out, Instant now) {
  if (!waiting_) return false;
  Process(now);
  if (!has_reply_) return false;
  *out = std::move(reply_);
  has_reply_ = false;
  return true;
}

void ReqPattern::Taken() {
  waiting_ = false;
  // A second reply, which came while the first was only looked at.
  if (has_reply_) DropReply();
}

bool ReqPattern::Open(Message* message, Instant now) {
  const std::size_t parts = message->multipart() ? 2 : 1;
  if (parts == 2 && (*message)[0].empty()) return message->DropFront(1);
  if (parts == 2 && (*message)[0].size() == kCorrelationBytes && (*message)[1].empty() &&
      message->part_count() > 2) {
    return false;  // a reply to a correlated request we never made: dropped, the link stays
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
        "receive: the peer that got the request is gone; send the request again");
  }
  return absl::FailedPreconditionError("receive: REQ has sent no request; send one first");
}

void ReqPattern::OnPeerDown(Peer* peer, bool gone) {
  if (!gone || !waiting_ || has_reply_ || peer->id != asked_) return;
  waiting_ = false;
  abandoned_ = true;
}

}  // namespace monocoque
