// The attempts of dialers: from Connect, over pauses and links, to their end.
#include <memory>
#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/core.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

void SocketCore::StartDial(Dialer* dialer, Instant now) {
  Link* link = MakeLink();
  if (link == nullptr) {
    RetryDial(dialer, TerminalStatus(Cause::kLimit, "too many links"), now);
    return;
  }
  link->dialer = dialer->id;
  link->peer = peers_.Find(dialer->peer);
  link->transport_open = true;
  dialer->link = link->id;
  const absl::Duration timeout = dialer->options->handshake_timeout;
  link->deadline = timeout > absl::ZeroDuration() ? now + timeout : Instant::Never();
  timers_.Set(&link->timer, link->deadline);
  actions_.push_back(action::Dial{link->id, dialer->id, dialer->endpoint,
                                  TransportOf(dialer->options), dialer->attempts++});
  SocketEvent event{.kind = SocketEvent::Kind::kDialing};
  event.dialer = dialer->id;
  event.link = link->id;
  event.peer = dialer->peer;
  event.endpoint = dialer->endpoint->ToString();
  Emit(std::move(event));
}

void SocketCore::OnDialFailed(LinkId id, const absl::Status& why, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection != nullptr) return;
  Dialer* dialer = dialers_.Find(link->dialer);
  link->transport_open = false;
  Detach(link);
  links_.Erase(id);
  if (dialer == nullptr) return;
  dialer->link = LinkId();
  SocketEvent event{.kind = SocketEvent::Kind::kDialFailed};
  event.dialer = dialer->id;
  event.link = id;
  event.peer = dialer->peer;
  event.endpoint = dialer->endpoint->ToString();
  event.status = why;
  Emit(std::move(event));
  RetryDial(dialer,
            CauseOf(why) == Cause::kNone ? TerminalStatus(Cause::kDial, why.message()) : why, now);
}

void SocketCore::OnDialed(LinkId id, const TransportInfo& transport, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection != nullptr) return;
  SocketEvent event{.kind = SocketEvent::Kind::kConnected};
  event.dialer = link->dialer;
  event.link = id;
  event.endpoint = transport.remote;
  Emit(std::move(event));
  if (absl::Status opened = Open(link, transport, now); !opened.ok()) {
    TellClose(link, CloseMode::kAbort);
    OnDialFailed(id, opened, now);
    return;
  }
  Progress(link, now);
}

// One that we end ourselves has not given up.
bool SocketCore::GivesUp(const Dialer& dialer, const absl::Status& why) {
  const Cause cause = CauseOf(why);
  return cause != Cause::kLocal && dialer.options->retry.For(cause) == Retry::kNever;
}

void SocketCore::RetryDial(Dialer* dialer, const absl::Status& why, Instant now) {
  Peer* peer = peers_.Find(dialer->peer);
  const bool waits = peer != nullptr && SomethingWaits(*peer);
  const Retry retry = dialer->options->retry.For(CauseOf(why));
  if (GivesUp(*dialer, why)) {
    gave_up_ = why;
    if (peer != nullptr) peer->gave_up = true;
  }
  if (closing_ && (!waits || retry == Retry::kNever)) {
    EndDialer(dialer, now);
    return;
  }
  SocketEvent event{.kind = SocketEvent::Kind::kRetry};
  event.dialer = dialer->id;
  event.peer = dialer->peer;
  event.endpoint = dialer->endpoint->ToString();
  event.status = why;
  if (retry == Retry::kNever) {
    event.kind = SocketEvent::Kind::kGaveUp;
    if (peer != nullptr) {
      peer->given_up = true;
      ++hopeless_dialers_;
      AbandonQueue(peer);
      UpdateBalance(peer);
      EndRefusal(peer);
      if (peer->old.empty()) pattern_->OnPeerDown(peer, /*gone=*/true);
    }
  } else {
    event.delay = retry == Retry::kSlowly ? dialer->backoff.Longest(entropy())
                                          : dialer->backoff.Next(entropy());
    timers_.Set(&dialer->timer, now + event.delay);
  }
  Emit(std::move(event));
}

void SocketCore::EndDialer(Dialer* dialer, Instant now) {
  const DialerId id = dialer->id;
  timers_.Remove(&dialer->timer);
  Peer* peer = peers_.Find(dialer->peer);
  if (peer != nullptr && peer->given_up) --hopeless_dialers_;
  // A socket that closes lets go of all, and still has to say why.
  if (hopeless_dialers_ == 0 && !closing_) gave_up_ = absl::OkStatus();
  Link* link = links_.Find(dialer->link);
  const std::unique_ptr<Dialer> gone = dialers_.Erase(id);
  if (peer != nullptr) {
    // What waits goes with the link that there is.
    MoveQueue(peer);
    peer->dialer = DialerId();
    peer->given_up = true;
    AbandonQueue(peer);
    UpdateBalance(peer);
    EndRefusal(peer);
  }
  if (link != nullptr && link->connection == nullptr) {
    TellClose(link, CloseMode::kAbort);
    Detach(link);
    links_.Erase(link->id);
  } else if (link != nullptr) {
    CloseConnection(link, now);
    Progress(link, now);
    return;
  }
  if (peer != nullptr) EraseIfUnused(peer);
}

absl::Status SocketCore::Forsaken() const {
  const bool hope = !listeners_.empty() || ready_peers_ > 0 || hopeless_dialers_ < dialers_.size();
  return hope ? absl::OkStatus() : gave_up_;
}

}  // namespace monocoque
