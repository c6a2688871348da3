// The lives of links and peers, up to their end.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/core.h"
#include "protocol/socket/pattern.h"

namespace monocoque {
namespace {

// Where a peer is, as an authenticator knows it: of tcp the host, else what is told behind the
// transport's name.
std::string AddressOf(const std::string& remote) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(remote);
  if (endpoint.ok() && endpoint->transport == Transport::kTcp) return endpoint->host;
  const std::size_t name = remote.find("://");
  return name == std::string::npos ? remote : remote.substr(name + 3);
}

}  // namespace

Link* SocketCore::MakeLink() {
  auto link = std::make_unique<Link>();
  link->id = links_.NextId();
  return links_.Insert(std::move(link));
}

absl::StatusOr<LinkId> SocketCore::OnAccepted(ListenerId id, const TransportInfo& transport,
                                              Instant now) {
  Listener* listener = listeners_.Find(id);
  if (listener == nullptr || closing_) return absl::UnavailableError("nobody listens here now");
  if (listener->pending_links >= listener->options->max_pending_links) {
    return absl::UnavailableError("too many links are in their handshake, or left something");
  }
  Link* link = MakeLink();
  if (link == nullptr) return absl::ResourceExhaustedError("too many links");
  link->listener = id;
  link->transport_open = true;
  const absl::Duration timeout = listener->options->handshake_timeout;
  link->deadline = timeout > absl::ZeroDuration() ? now + timeout : Instant::Never();
  const LinkId link_id = link->id;
  if (absl::Status opened = Open(link, transport, now); !opened.ok()) {
    Detach(link);
    links_.Erase(link_id);
    return opened;
  }
  SocketEvent event{.kind = SocketEvent::Kind::kAccepted};
  event.listener = id;
  event.link = link_id;
  event.endpoint = transport.remote;
  Emit(std::move(event));
  link->pending = true;
  ++listener->pending_links;
  Progress(link, now);
  UpdateAccepting(listener);
  return link_id;
}

void SocketCore::Count(Link* link, bool pending) {
  Listener* listener = listeners_.Find(link->listener);
  if (std::exchange(link->pending, pending) == pending || listener == nullptr) return;
  if (pending) {
    ++listener->pending_links;
  } else {
    --listener->pending_links;
  }
  UpdateAccepting(listener);
}

void SocketCore::UpdateAccepting(Listener* listener) {
  const std::size_t most = listener->options->max_pending_links;
  // Under a flood it is told once, not with each link that goes and each that takes its place.
  if (listener->pending_links <= most / 2) listener->crowded = false;
  const bool on = listener->pending_links < most;
  if (on == listener->accepting) return;
  listener->accepting = on;
  actions_.push_back(action::Accepting{listener->id, on});
  if (on || std::exchange(listener->crowded, true)) return;
  SocketEvent event{.kind = SocketEvent::Kind::kAcceptFailed};
  event.listener = listener->id;
  event.status = TerminalStatus(
      Cause::kLimit, absl::StrCat(most,
                                  " links have not finished their handshake, or are over and what "
                                  "they brought has not been received; no more are accepted until "
                                  "there are fewer (max_pending_links)"));
  Emit(std::move(event));
}

absl::Status SocketCore::Open(Link* link, const TransportInfo& transport, Instant now) {
  const Dialer* dialer = dialers_.Find(link->dialer);
  const Listener* listener = listeners_.Find(link->listener);
  if (dialer == nullptr && listener == nullptr)
    return absl::UnavailableError("nobody wants it now");
  const LinkOptions& link_options = dialer != nullptr ? *dialer->options : *listener->options;
  ConnectionOptions options;
  options.socket_type = type_;
  options.mechanism = link_options.mechanism;
  options.peer_address = AddressOf(transport.remote);
  options.peer_process = transport.process;
  options.routing_id = options_.routing_id;
  options.properties = link_options.properties;
  // What dialing took is gone from the handshake's time.
  options.handshake_timeout = link->deadline.is_never()
                                  ? absl::ZeroDuration()
                                  : std::max(link->deadline - now, absl::Nanoseconds(1));
  options.closing_timeout = link_options.closing_timeout;
  options.serve_zmtp_1 = link_options.serve_zmtp_1;
  options.serve_zmtp_2 = link_options.serve_zmtp_2;
  options.heartbeat = link_options.heartbeat;
  options.limits = link_options.limits;
  options.only_first_subscribe = options_.only_first_subscribe;
  options.send_mark = options_.send_mark;
  options.receive_mark = options_.receive_mark;
  Host host = host_;
  host.budget = link_options.budget_bytes == Budget::kUnlimited
                    ? budget_
                    : Budget::Create(link_options.budget_bytes, budget_);
  host.now = now;
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Create(options, host, reserves_);
  if (!connection.ok()) return connection.status();
  link->connection = *std::move(connection);
  link->remote = transport.remote;
  return absl::OkStatus();
}

void SocketCore::OnListening(ListenerId id, const Endpoint& bound) {
  Listener* listener = listeners_.Find(id);
  if (listener == nullptr) return;
  listener->endpoint = std::make_shared<const Endpoint>(bound);
  SocketEvent event{.kind = SocketEvent::Kind::kListening};
  event.listener = id;
  event.endpoint = bound.ToString();
  Emit(std::move(event));
}

void SocketCore::OnListenFailed(ListenerId id, const absl::Status& why) {
  const std::unique_ptr<Listener> listener = listeners_.Erase(id);
  if (listener == nullptr) return;
  SocketEvent event{.kind = SocketEvent::Kind::kListenFailed};
  event.listener = id;
  event.endpoint = listener->endpoint->ToString();
  event.status = why;
  Emit(std::move(event));
}

void SocketCore::OnAcceptFailed(ListenerId id, const absl::Status& why) {
  if (listeners_.Find(id) == nullptr) return;
  SocketEvent event{.kind = SocketEvent::Kind::kAcceptFailed};
  event.listener = id;
  event.status = why;
  Emit(std::move(event));
}

void SocketCore::OnTransportClosed(LinkId id, const absl::Status& why, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr) return;
  if (link->connection == nullptr) {
    OnDialFailed(id, why.ok() ? absl::UnavailableError("closed while connecting") : why, now);
    return;
  }
  link->transport_open = false;
  link->connection->OnTransportClosed(why, now);
  Progress(link, now);
}

void SocketCore::CommitRead(LinkId id, ReadWindow window, std::size_t bytes, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return;
  link->connection->CommitRead(std::move(window), bytes, now);
  if (!link->ended) work_.Add(&link->work);
  Activate(link);
}

absl::Status SocketCore::Donate(LinkId id, Slice octets, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return absl::NotFoundError("");
  const absl::Status taken = link->connection->Donate(std::move(octets), now);
  if (!link->ended) work_.Add(&link->work);
  Activate(link);
  return taken;
}

absl::StatusOr<ReadWindow> SocketCore::PrepareRead(LinkId id) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return absl::NotFoundError("");
  absl::StatusOr<ReadWindow> window = link->connection->PrepareRead();
  if (!window.ok()) {
    // Whoever is refused waits to be told that he may go on: what paused it must be known then.
    UpdateHint(link);
    WaitForMemory(link);
  }
  return window;
}

void SocketCore::OnWritten(LinkId id, std::size_t written, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return;
  link->connection->OnWritten(written, now);
  SetTimer(link, now);
}

void SocketCore::ReturnBatch(LinkId id, TransmitBatch batch, std::size_t written,
                             const absl::Status& status, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return;
  link->connection->ReturnBatch(std::move(batch), written, status, now);
  Progress(link, now);
}

void SocketCore::HandleTimeout(Instant now) {
  if (now >= linger_deadline_) {
    linger_deadline_ = Instant::Never();
    AbortAll(now);
  }
  while (TimerOwner* due = timers_.PopDue(now)) {
    if (due->dialer != nullptr) {
      StartDial(due->dialer, now);
      continue;
    }
    Link* link = due->link;
    if (link->connection == nullptr) {
      TellClose(link, CloseMode::kAbort);
      OnDialFailed(link->id,
                   TerminalStatus(Cause::kTimeout, "no connection within the handshake's deadline"),
                   now);
      continue;
    }
    link->connection->HandleTimeout(now);
    Progress(link, now);
  }
}

void SocketCore::Authorize(LinkId id, const AuthVerdict& verdict, Instant now) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return;
  link->connection->Authorize(verdict, now);
  if (!link->ended) work_.Add(&link->work);
  Progress(link, now);
}

void SocketCore::Progress(Link* link, Instant now) {
  Connection& connection = *link->connection;
  if (closing_) CloseIfDrained(link, now);
  ConnectionEvent event;
  while (connection.NextEvent(&event)) {
    OnConnectionEvent(link, event, now);
  }
  if (link->ended && !link->recovered) Recover(link, now);
  Activate(link);
  if (connection.wants_transmit()) {
    dirty_.Add(&link->dirty);
  } else {
    dirty_.Remove(&link->dirty);
  }
  Peer* peer = link->peer;
  if (peer != nullptr && peer->link == link) {
    FlushQueue(peer);
    if (!connection.in_flight()) pattern_->Gather(peer);
    pattern_->OnRoom(peer);
    if (connection.wants_transmit()) dirty_.Add(&link->dirty);
  }
  if (connection.done() && link->transport_open) TellClose(link, CloseMode::kGraceful);
  UpdateHint(link);
  SetTimer(link, now);
  EraseIfOver(link);
}

// A deadline that is due already waits for the next call: HandleTimeout must come to an end.
void SocketCore::SetTimer(Link* link, Instant now) {
  const Instant deadline = link->connection->NextDeadline();
  timers_.Set(&link->timer, deadline <= now ? now + absl::Nanoseconds(1) : deadline);
}

void SocketCore::WaitForMemory(Link* link) {
  if (link->connection->starved()) SetTimer(link, Instant());
}

// Older links of a peer are emptied before newer ones: order is kept over a reconnect.
bool SocketCore::MayDeliver(const Link& link) const {
  if (link.peer == nullptr) return false;
  return link.peer->old.empty() || link.peer->old.front() == &link;
}

// The receive mark is the peer's, over its links: while those that are over have that much to give,
// the new one is not read.
bool SocketCore::Holds(const Link& link) const {
  if (held_) return true;
  if (link.peer == nullptr || link.ended) return false;
  std::size_t messages = 0;
  std::size_t bytes = 0;
  for (const Link* old : link.peer->old) {
    if (!old->connection->delivering()) continue;
    messages += old->connection->stored_messages();
    bytes += old->connection->stored_bytes();
  }
  return options_.receive_mark.Reached(messages, bytes);
}

void SocketCore::Activate(Link* link) {
  if (link->connection->delivering() && link->connection->stored_bytes() > 0 && MayDeliver(*link)) {
    fair_.Add(&link->fair);
  }
}

void SocketCore::OnConnectionEvent(Link* link, const ConnectionEvent& event, Instant now) {
  switch (event.kind) {
    case ConnectionEvent::Kind::kReady:
      OnReady(link, now);
      return;
    case ConnectionEvent::Kind::kClosed:
      OnEnded(link, now);
      return;
    case ConnectionEvent::Kind::kAuthenticate:
      actions_.push_back(action::Authenticate{link->id, event.auth});
      return;
    case ConnectionEvent::Kind::kSubscribe:
    case ConnectionEvent::Kind::kUnsubscribe:
    case ConnectionEvent::Kind::kJoin:
    case ConnectionEvent::Kind::kLeave:
      // What a link says behind its end, or one that was refused, is void.
      if (link->peer != nullptr && (link->peer->link == link || link->peer->next == link)) {
        pattern_->OnSubscription(link->peer, event, now);
      }
      return;
  }
}

void SocketCore::OnReady(Link* link, Instant now) {
  Peer* peer = link->peer;
  if (peer == nullptr) {
    auto made = std::make_unique<Peer>();
    made->id = peers_.NextId();
    peer = peers_.Insert(std::move(made));
    if (peer == nullptr) {
      link->connection->Fail(TerminalStatus(Cause::kLimit, "too many peers"), "busy", now);
      return;
    }
    link->peer = peer;
  }
  peer->info = std::make_shared<const PeerInfo>(link->connection->peer());
  absl::Status admitted = RoomForNotices();
  if (admitted.ok()) admitted = pattern_->Admit(peer, now);
  if (!admitted.ok()) {
    if (link->listener) {
      link->peer = nullptr;
      peers_.Erase(peer->id);
    }
    const std::string reason(admitted.message());
    link->connection->Fail(std::move(admitted), reason, now);
    return;
  }
  link->connection->LeaveRoom(pattern_->routing_id_bytes(*peer));
  if (Dialer* dialer = dialers_.Find(link->dialer)) {
    if (dialer->was_ready) ++stats_.reconnects;
    dialer->was_ready = true;
  }
  SocketEvent event{.kind = SocketEvent::Kind::kReady};
  event.listener = link->listener;
  event.dialer = link->dialer;
  event.link = link->id;
  event.peer = peer->id;
  event.endpoint = link->remote;
  event.peer_info = peer->info;
  Emit(std::move(event));
  peer->next = link;
  link->was_ready = true;
  link->ready_since = now;
  abandoned_before_ = stats_.abandoned;
  Count(link, false);
  ++ready_peers_;
  link->connection->Hold(Holds(*link));
  pattern_->OnPeerReady(peer, link, now);
  Attach(peer);
  Introduce(link);
}

// The peer's new link may send once nothing of an earlier link can still come back.
void SocketCore::Attach(Peer* peer) {
  if (peer->next == nullptr) return;
  for (const Link* old : peer->old) {
    if (!old->recovered) return;
  }
  peer->link = std::exchange(peer->next, nullptr);
  Greet(peer->link);
  FlushQueue(peer);
  pattern_->OnRoom(peer);
  if (peer->link->connection->wants_transmit()) dirty_.Add(&peer->link->dirty);
}

void SocketCore::TellClose(Link* link, CloseMode mode) {
  if (!link->transport_open) return;
  link->transport_open = false;
  actions_.push_back(action::CloseLink{link->id, mode});
}

void SocketCore::UpdateHint(Link* link) {
  if (!link->transport_open) return;
  const ReadHint hint = link->connection->read_hint();
  if (hint.mode == link->told_hint.mode) return;
  link->told_hint = hint;
  actions_.push_back(action::Read{link->id, hint});
}

}  // namespace monocoque
