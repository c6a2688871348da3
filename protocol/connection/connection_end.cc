// How a Connection ends: by its peer, by itself, by us; and what is left then.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "protocol/wire/command.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {
namespace {

// How long is read on after a failed write, where the options say nothing.
constexpr absl::Duration kReadOn = absl::Seconds(30);

}  // namespace

void Connection::OnTransportClosed(absl::Status why, Instant /*now*/) {
  if (transport_closed_) return;
  transport_closed_ = true;
  if (state_ == ConnectionState::kHandshake) {
    // What the peer said before it went may say why: an ERROR, say.
    AdvanceHandshake(Instant());
  }
  if (why.ok() && write_failed_) why = write_error_;
  if (CauseOf(why) == Cause::kNone) {
    const bool early = state_ == ConnectionState::kHandshake;
    why = TerminalStatus(Cause::kTransport,
                         why.ok() ? absl::StrCat("the peer closed", early ? " during the " : "",
                                                 early ? handshake_.Where() : std::string())
                                  : std::string(why.message()));
  }
  End(std::move(why));
  SettleClosing();
}

// The peer is silent: what is queued would not arrive either.
void Connection::Lose(std::string_view sentence) {
  // Or it is known why.
  if (write_failed_) {
    OnTransportClosed(absl::OkStatus(), clock_);
    return;
  }
  End(TerminalStatus(Cause::kHeartbeat, sentence));
  transport_closed_ = true;
  SettleClosing();
}

void Connection::Fail(absl::Status why, std::string_view reason, Instant now) {
  clock_ = now;
  if (!status_.ok()) {
    StopDelivering();
    return;
  }
  bool told = false;
  if (!reason.empty() && handshake_.may_explain()) {
    std::string error;
    AppendError(&error, reason);
    told = SendOctets(error);
  }
  End(std::move(why));
  StopDelivering();
  // Without an ERROR to deliver nothing more is written: what had not begun goes back.
  if (!told) transport_closed_ = true;
  SettleClosing();
}

void Connection::Close(Instant now) {
  if (!status_.ok()) return;
  clock_ = now;
  End(TerminalStatus(Cause::kLocal, "closed"));
  StopDelivering();
  SettleClosing();
}

void Connection::Linger() {
  lingers_ = true;
  // Who takes nothing any more is not lingered for.
  closing_deadline_ = write_failed_ ? clock_ : Instant::Never();
}

void Connection::Violation(std::string_view sentence) {
  End(TerminalStatus(Cause::kPeerViolation, sentence));
  // The peer is not to be trusted with anything more.
  transport_closed_ = true;
  SettleClosing();
}

void Connection::End(absl::Status why) {
  if (!status_.ok()) return;
  status_ = std::move(why);
  state_ = ConnectionState::kClosing;
  RenewClosing();
  shares_encoding_ = false;
  handshake_deadline_ = Instant::Never();
  if (delivering_) {
    // Whole messages that are here already are still delivered; without one it is over.
    if (FindWhole()) {
      reader_.Compact();
      if (boxes_ != nullptr) boxes_->Compact();
    } else {
      StopDelivering();
    }
  }
  events_.push_back({ConnectionEvent::Kind::kClosed, {}, status_});
}

void Connection::StopDelivering() {
  ReturnToRead();
  delivering_ = open_ = false;
  reader_.Drop();
  if (boxes_ != nullptr) boxes_->Drop();
}

// From here on the peer has its time to take something.
void Connection::RenewClosing() {
  if (lingers_ || options_.closing_timeout <= absl::ZeroDuration()) return;
  closing_deadline_ = clock_ + options_.closing_timeout;
}

// Closed once nothing is left to write, or nobody is left to write to.
void Connection::SettleClosing() {
  if (state_ != ConnectionState::kClosing) return;
  if (transport_closed_ || write_failed_ || writer_.drained()) state_ = ConnectionState::kClosed;
}

// What the peer sent before it went may not have been read yet. One deadline holds whatever comes:
// or a peer that talks and takes nothing would keep what was sent to it.
void Connection::OnWriteFailed(absl::Status why, Instant now) {
  if (state_ == ConnectionState::kClosing || lingers_) {
    OnTransportClosed(std::move(why), now);
    return;
  }
  write_failed_ = true;
  write_error_ = std::move(why);
  const absl::Duration patience = options_.closing_timeout;
  closing_deadline_ = now + (patience > absl::ZeroDuration() ? patience : kReadOn);
}

bool Connection::TakeUnsent(Message* out) {
  if (state_ != ConnectionState::kClosed || writer_.in_flight()) return false;
  const bool told_by_messages =
      SendsSubscriptions(options_.socket_type) && !peer().knows_subscribe();
  const CurveSession* session = boxes_ == nullptr ? nullptr : boxes_->session();
  while (writer_.TakeUnsent(out, handshake_.framing(), session)) {
    // The next publisher is told of subscriptions anew (S-8).
    if (!told_by_messages || !IsSubscription(out->bytes())) return true;
  }
  return false;
}

}  // namespace monocoque
