#include "protocol/socket/core.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "alloc/prefetch.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/pattern.h"

namespace monocoque {
namespace {

// Events kept for an application that does not look, and octets of what peers told in them; beyond,
// they are counted.
constexpr std::size_t kMaxEvents = 4096;
constexpr std::size_t kMaxToldBytes = 4 * 1024 * 1024;
// Frames looked at on one link before the next has its turn.
constexpr std::size_t kFramesATurn = 256;

std::size_t ToldBytes(const SocketEvent& event) {
  return event.peer_info == nullptr ? 0 : event.peer_info->bytes();
}

}  // namespace

SocketCore::SocketCore(SocketType type, const SocketOptions& options, const Host& host)
    : type_(type),
      options_(options),
      host_(host),
      budget_(Budget::Create(options.budget_bytes, host.budget)) {}

SocketCore::~SocketCore() {
  // Nodes leave their lists before their owners die.
  for (LinkId id : links_.Ids()) Detach(links_.Find(id));
  for (DialerId id : dialers_.Ids()) timers_.Remove(&dialers_.Find(id)->timer);
  for (PeerId id : peers_.Ids()) {
    balance_.Remove(&peers_.Find(id)->balance);
    writable_.Remove(&peers_.Find(id)->writable);
  }
}

// Whoever brings none of their own share the socket's.
std::shared_ptr<const LinkOptions> SocketCore::Keep(const LinkOptions& options) {
  if (&options != &options_.link) return std::make_shared<const LinkOptions>(options);
  if (link_options_ == nullptr) link_options_ = std::make_shared<const LinkOptions>(options);
  return link_options_;
}

std::shared_ptr<const TransportOptions> SocketCore::TransportOf(
    const std::shared_ptr<const LinkOptions>& options) {
  return {options, &options->transport};
}

absl::StatusOr<ListenerId> SocketCore::Bind(const Endpoint& endpoint, const LinkOptions& options) {
  if (closing_) return absl::FailedPreconditionError("bind: the socket is closed");
  if (absl::Status fits = CheckForBind(endpoint); !fits.ok()) return fits;
  if (absl::Status fits = CheckOptions(type_, options, options_); !fits.ok()) return fits;
  auto listener = std::make_unique<Listener>();
  listener->id = listeners_.NextId();
  listener->endpoint = std::make_shared<const Endpoint>(endpoint);
  listener->options = Keep(options);
  Listener* made = listeners_.Insert(std::move(listener));
  if (made == nullptr) return absl::ResourceExhaustedError("bind: too many listeners");
  abandoned_before_ = stats_.abandoned;
  actions_.push_back(action::Listen{made->id, made->endpoint, TransportOf(made->options)});
  return made->id;
}

absl::StatusOr<DialerId> SocketCore::Connect(const Endpoint& endpoint, const LinkOptions& options,
                                             Instant now) {
  if (closing_) return absl::FailedPreconditionError("connect: the socket is closed");
  if (absl::Status fits = CheckForConnect(endpoint); !fits.ok()) return fits;
  if (absl::Status fits = CheckOptions(type_, options, options_); !fits.ok()) return fits;
  if (absl::Status fits = pattern_->CheckConnect(options); !fits.ok()) return fits;
  auto dialer = std::make_unique<Dialer>(Keep(options));
  dialer->id = dialers_.NextId();
  dialer->endpoint = std::make_shared<const Endpoint>(endpoint);
  auto peer = std::make_unique<Peer>();
  peer->id = peers_.NextId();
  peer->dialer = dialer->id;
  peer->immediate = options.immediate;
  dialer->peer = peer->id;
  Dialer* made = dialers_.Insert(std::move(dialer));
  Peer* its_peer = made == nullptr ? nullptr : peers_.Insert(std::move(peer));
  if (its_peer == nullptr) {
    if (made != nullptr) dialers_.Erase(made->id);
    return absl::ResourceExhaustedError("connect: too many dialers");
  }
  abandoned_before_ = stats_.abandoned;
  pattern_->OnPeerMade(its_peer, options);
  UpdateBalance(its_peer);
  StartDial(made, now);
  return made->id;
}

bool SocketCore::Unlisten(ListenerId id) {
  const std::unique_ptr<Listener> listener = listeners_.Erase(id);
  if (listener == nullptr) return false;
  actions_.push_back(action::Unlisten{id});
  SocketEvent event{.kind = SocketEvent::Kind::kUnlistened};
  event.listener = id;
  event.endpoint = listener->endpoint->ToString();
  Emit(std::move(event));
  return true;
}

absl::Status SocketCore::Unbind(ListenerId id, Instant now) {
  if (!Unlisten(id)) return absl::NotFoundError("unbind: there is no such listener");
  for (LinkId link_id : links_.Ids()) {
    Link* link = links_.Find(link_id);
    if (link == nullptr || link->listener != id || link->ended) continue;
    CloseConnection(link, now);
    Progress(link, now);
  }
  return absl::OkStatus();
}

absl::Status SocketCore::Disconnect(DialerId id, Instant now) {
  Dialer* dialer = dialers_.Find(id);
  if (dialer == nullptr) return absl::NotFoundError("disconnect: there is no such dialer");
  EndDialer(dialer, now);
  return absl::OkStatus();
}

void SocketCore::Close(absl::Duration linger, Instant now) {
  const bool again = std::exchange(closing_, true);
  receives_apart_ = true;
  notices_.clear();
  for (ListenerId id : listeners_.Ids()) Unlisten(id);
  if (linger <= absl::ZeroDuration()) {
    AbortAll(now);
    return;
  }
  linger_deadline_ = now + linger;
  if (again) return;
  for (DialerId id : dialers_.Ids()) {
    Dialer* dialer = dialers_.Find(id);
    const Peer* peer = peers_.Find(dialer->peer);
    const bool something_waits = peer != nullptr && SomethingWaits(*peer);
    // With a link the link's own draining ends the dialer.
    if (!something_waits && (peer == nullptr || peer->link == nullptr)) EndDialer(dialer, now);
  }
  for (LinkId id : links_.Ids()) {
    // One that still dials goes on for what is queued.
    Link* link = links_.Find(id);
    if (link == nullptr || link->connection == nullptr) continue;
    link->connection->Linger();
    Progress(link, now);
  }
  DropInput(now);
}

bool SocketCore::Process(std::size_t max_frames, Instant now) {
  while (max_frames > 0) {
    Link* link = work_.front();
    if (link == nullptr) break;
    const std::size_t here = std::min(max_frames, kFramesATurn);
    max_frames -= here;
    const LinkId id = link->id;
    work_.Remove(&link->work);
    const bool more = link->connection->Process(here, now);
    Progress(link, now);
    if (!more) continue;
    if (Link* alive = links_.Find(id); alive != nullptr && !alive->ended) work_.Add(&alive->work);
  }
  if (closing_ || pattern_->drops_input()) DropInput(now);
  pattern_->Process(now);
  return !work_.empty();
}

void SocketCore::DropInput(Instant now) {
  Message message;
  while (ReceiveFair(&message, now)) {
    if (!closing_) CountDropped();  // then nobody receives any more
  }
}

bool SocketCore::NextAction(Action* out) {
  if (actions_.empty()) return false;
  *out = actions_.take_front();
  return true;
}

bool SocketCore::NextEvent(SocketEvent* out) {
  if (events_.empty()) return false;
  *out = events_.take_front();
  told_bytes_ -= ToldBytes(*out);
  return true;
}

void SocketCore::Emit(SocketEvent event) {
  const std::size_t told = ToldBytes(event);
  if (events_.size() >= kMaxEvents || (told > 0 && told_bytes_ + told > kMaxToldBytes)) {
    ++stats_.events_lost;
    return;
  }
  told_bytes_ += told;
  events_.push_back(std::move(event));
}

bool SocketCore::NextWritable(PeerId* out) {
  const Peer* peer = writable_.Pop();
  *out = peer != nullptr ? peer->id : std::exchange(refused_and_gone_, PeerId());
  return static_cast<bool>(*out);
}

// Whoever waits for its room waits in vain: the next Send says so.
void SocketCore::EndRefusal(Peer* peer) {
  if (std::exchange(peer->refused, false) || peer->writable.linked()) refused_and_gone_ = peer->id;
  writable_.Remove(&peer->writable);
}

bool SocketCore::NextTransmitLink(LinkId* out) {
  Link* link = dirty_.Pop();
  if (link == nullptr) return false;
  *out = link->id;
  return true;
}

bool SocketCore::FillTransmit(LinkId id, TransmitBatch* batch, std::size_t max_bytes) {
  Link* link = links_.Find(id);
  if (link == nullptr || link->connection == nullptr) return false;
  Peer* peer = link->peer;
  const bool attached = peer != nullptr && peer->link == link;
  if (attached) {
    // Behind a failed write nothing leaves, and the newest alone is kept all the same.
    if (options_.conflate && !link->connection->write_failed()) MoveQueue(peer);
    pattern_->Gather(peer);
  }
  if (!link->connection->FillTransmit(batch, max_bytes)) return false;
  dirty_.Remove(&link->dirty);
  if (attached) {
    UpdateBalance(peer);
    pattern_->OnRoom(peer);
  }
  return true;
}

std::size_t SocketCore::pending_bytes() const {
  const std::size_t own = last_sent_ == nullptr ? 0
                                                : last_sent_->connection->unsent_bytes() +
                                                      last_sent_->peer->queue_bytes;
  return std::max(own, pattern_->pending_bytes());
}

void SocketCore::HoldInput(bool on) {
  if (held_ == on) return;
  held_ = on;
  for (LinkId id : links_.Ids()) {
    Link* link = links_.Find(id);
    if (link->connection == nullptr) continue;
    link->connection->Hold(Holds(*link));
    UpdateHint(link);
    if (!on && !link->ended) work_.Add(&link->work);
  }
}

bool SocketCore::CanTake(const Peer& peer) const {
  if (peer.given_up || closing_) return false;
  if (peer.direct != nullptr) return peer.direct->connection->CanSend();
  if (peer.link == nullptr && (!peer.dialer || peer.immediate)) return false;
  return options_.conflate || !AtSendMark(peer);
}

bool SocketCore::AtSendMark(const Peer& peer) const {
  const Unsent unsent = UnsentOf(peer);
  return options_.send_mark.Reached(unsent.messages, unsent.bytes);
}

bool SocketCore::AskRoom(Peer* peer) {
  const bool can = CanTake(*peer);
  if (!can) peer->refused = true;
  return can;
}

bool SocketCore::CanPublish() {
  bool can = true;
  if (!options_.xpub_nodrop) return can;
  ForEachAttached([&](const Peer* peer) { can = can && CanTake(*peer); });
  return can;
}

Unsent SocketCore::UnsentOf(const Peer& peer) const {
  Unsent unsent = {peer.queue.size(), peer.queue_bytes};
  const auto add = [&unsent](const Link& link) {
    unsent.messages += link.connection->unsent_messages();
    unsent.bytes += link.connection->unsent_bytes();
  };
  if (peer.link != nullptr) add(*peer.link);
  for (const Link* old : peer.old) {
    if (!old->recovered) add(*old);
  }
  return unsent;
}

void SocketCore::UpdateBalance(Peer* peer) {
  peer->direct = peer->queue.empty() && !options_.conflate ? peer->link : nullptr;
  // It would be lost with the link: others come first.
  const bool in_vain = peer->link != nullptr && peer->link->connection->write_failed() &&
                       (!peer->dialer || peer->immediate);
  if (!in_vain && CanTake(*peer)) {
    EndDrops(peer);
    balance_.Add(&peer->balance);
    if (peer->refused) {
      peer->refused = false;
      writable_.Add(&peer->writable);
    }
  } else {
    balance_.Remove(&peer->balance);
  }
}

void SocketCore::OnRefused(Peer* peer, Link* link) {
  peer->refused = true;
  if (!CanTake(*peer)) balance_.Remove(&peer->balance);
  WaitForMemory(link);
}

bool SocketCore::QueueForPeer(Peer* peer, Message* message, Bytes prefix) {
  if (!CanTake(*peer) || !message->Own()) {
    peer->refused = true;
    return false;
  }
  ++peer->sent;
  if (options_.conflate) KeepNewest(peer, 0);
  peer->queue_bytes += message->wire_bytes() + prefix.size();
  peer->queue.push_back({std::move(*message), Slice::Copy(prefix)});
  message->Clear();
  ++stats_.messages_sent;
  if (Link* link = peer->link; link != nullptr && options_.conflate) {
    last_sent_ = link;
    MarkDirty(link);
  }
  UpdateBalance(peer);
  return true;
}

bool SocketCore::SendCopy(Peer* peer, const Message& message, Bytes prefix) {
  if (Link* link = peer->direct) [[likely]] {
    if (!link->connection->SendCopy(message, prefix)) {
      OnRefused(peer, link);
      return false;
    }
    ++peer->sent;
    last_sent_ = link;
    MarkDirty(link);
    return true;
  }
  Message copy = message;
  if (copy.payload().size() != message.payload().size()) return false;  // memory is out
  if (!QueueForPeer(peer, &copy, prefix)) return false;
  --stats_.messages_sent;
  return true;
}

void SocketCore::KeepNewest(Peer* peer, std::size_t count) {
  for (; peer->queue.size() > count; CountDropped()) {
    const Outgoing& oldest = peer->queue.front();
    peer->queue_bytes -= oldest.message.wire_bytes() + oldest.prefix.size();
    peer->queue.pop_front();
  }
}

void SocketCore::FlushQueue(Peer* peer) {
  if (!options_.conflate) {
    MoveQueue(peer);
    return;
  }
  if (peer->link != nullptr && !peer->queue.empty()) MarkDirty(peer->link);
  UpdateBalance(peer);
}

void SocketCore::MoveQueue(Peer* peer) {
  Link* link = peer->link;
  while (link != nullptr && !peer->queue.empty()) {
    Outgoing& front = peer->queue.front();
    const std::size_t bytes = front.message.wire_bytes() + front.prefix.size();
    if (!link->connection->SendCopy(front.message, front.prefix.bytes())) {
      WaitForMemory(link);
      break;
    }
    peer->queue_bytes -= bytes;
    peer->queue.pop_front();
  }
  if (peer->queue.empty() && !options_.conflate) peer->queue.Shrink();
  UpdateBalance(peer);
}

// With many links each message lies elsewhere: what the next four need is on its way while this one
// is used. Each step reads only what an earlier one asked for.
void SocketCore::PrefetchNext() const {
  const RotationNode<Link>* second = fair_.front_node()->next;
  const RotationNode<Link>* third = second->next;
  PrefetchTwo(third->next);
  third->owner->connection->PrefetchState();
  PrefetchTwo(third->owner->peer);
  second->owner->connection->PrefetchOctets();
}

bool SocketCore::ReceiveFair(Message* out, Instant now) {
  while (Link* link = fair_.front()) {
    switch (link->connection->Receive(out, now)) {
      case Poll::kMessage:
        fair_.Rotate();
        if (fair_.front() != link) PrefetchNext();
        out->set_peer(link->peer->id);
        ++link->peer->received;
        if (link->told_hint.mode == ReadMode::kPaused) [[unlikely]]
          GoOnReading(link);
        // There was a PING in front of the message.
        if (link->connection->pinged()) [[unlikely]] {
          MarkDirty(link);
          SetTimer(link, now);
        }
        return true;
      case Poll::kEvent:
        Progress(link, now);
        break;
      case Poll::kNeedData:
        fair_.Remove(&link->fair);
        AfterDraining(link, now);
        break;
    }
    // It is in front of what comes next.
    if (!notices_.empty()) return false;
  }
  return false;
}

// A message of a link that is not read was taken: there may be room now, once Process has seen what
// else is here.
void SocketCore::GoOnReading(Link* link) {
  if (!link->ended && link->connection->wants_look()) work_.Add(&link->work);
  UpdateHint(link);
}

SocketEvent SocketCore::EventOf(SocketEvent::Kind kind, const Peer& peer) const {
  SocketEvent event{.kind = kind};
  event.dialer = peer.dialer;
  event.peer = peer.id;
  if (const Link* link = peer.ready_link()) {
    event.link = link->id;
    event.endpoint = link->remote;
  }
  return event;
}

void SocketCore::DropFor(Peer* peer) {
  if (peer->dropping == 0) Emit(EventOf(SocketEvent::Kind::kDropsBegan, *peer));
  ++peer->dropping;
  ++peer->dropped;
  CountDropped();
}

void SocketCore::EndDrops(Peer* peer) {
  if (peer->dropping == 0) return;
  SocketEvent event = EventOf(SocketEvent::Kind::kDropsEnded, *peer);
  event.dropped_messages = std::exchange(peer->dropping, 0);
  Emit(std::move(event));
}

const Limits& SocketCore::LimitsOf(const Peer& peer) const {
  static constexpr Limits kNothing = {.max_command_bytes = 0, .max_subscription_bytes = 0};
  const Link* link = peer.ready_link();
  return link == nullptr ? kNothing : link->connection->limits();
}

void SocketCore::RefuseSubscription(const Peer& peer) {
  ++stats_.subscriptions_refused;
  if (Link* link = peer.ready_link()) {
    if (std::exchange(link->told_refused, true)) return;
  }
  SocketEvent event = EventOf(SocketEvent::Kind::kSubscriptionRefused, peer);
  event.status =
      TerminalStatus(Cause::kLimit, "subscriptions beyond the limit, or no memory for more");
  Emit(std::move(event));
}

// Nothing is left to take from the link for now.
void SocketCore::AfterDraining(Link* link, Instant now) {
  if (EraseIfOver(link)) return;
  if (link->connection->wants_transmit()) MarkDirty(link);
  UpdateHint(link);
  SetTimer(link, now);
}

void SocketCore::FailPeer(Peer* peer, absl::Status why, std::string_view reason, Instant now) {
  Link* link = peer->ready_link();
  if (link == nullptr) return;
  link->connection->Fail(std::move(why), reason, now);
  Progress(link, now);
}

void SocketCore::ClosePeer(Peer* peer, Instant now) {
  if (Dialer* dialer = dialers_.Find(peer->dialer)) {
    EndDialer(dialer, now);
    return;
  }
  Link* link = peer->ready_link();
  if (link == nullptr) return;
  CloseConnection(link, now);
  Progress(link, now);
}

void SocketCore::EndPeer(Peer* peer, absl::Status why, Instant now) {
  Link* link = peer->ready_link();
  if (link == nullptr) return;
  link->connection->OnTransportClosed(std::move(why), now);
  Progress(link, now);
}

}  // namespace monocoque
