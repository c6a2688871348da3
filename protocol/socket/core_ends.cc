// How links, and the peers behind them, end: what they leave, and who goes with them.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "protocol/socket/core.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

void SocketCore::OnEnded(Link* link, Instant now) {
  link->ended = true;
  work_.Remove(&link->work);
  if (last_sent_ == link) last_sent_ = nullptr;
  Peer* peer = link->peer;
  const bool was_ready = peer != nullptr && (peer->link == link || peer->next == link);
  if (peer != nullptr) {
    if (peer->link == link) pattern_->Gather(peer);
    if (was_ready) --ready_peers_;
    if (peer->link == link) peer->link = nullptr;
    if (peer->next == link) peer->next = nullptr;
    peer->old.push_back(link);
    UpdateBalance(peer);
    if (!peer->dialer) EndRefusal(peer);
    if (was_ready) {
      EndDrops(peer);
      pattern_->OnPeerDown(peer, /*gone=*/false);
    }
  }
  // Or whoever says something and hangs up, again and again, would take any amount of memory.
  if (link->connection->delivering() && link->connection->stored_bytes() > 0) Count(link, true);
  Dialer* dialer = dialers_.Find(link->dialer);
  const bool its_newest = dialer != nullptr && dialer->link == link->id;
  if (its_newest && peer != nullptr && GivesUp(*dialer, link->connection->status())) {
    peer->gave_up = true;
  }
  Recover(link, now);
  if (!its_newest) return;
  if (link->was_ready) dialer->backoff.OnSuccess(now - link->ready_since);
  dialer->link = LinkId();
  RetryDial(dialer, link->connection->status(), now);
}

// Takes back what had not begun, once its batch is back and nothing more will be written.
void SocketCore::Recover(Link* link, Instant now) {
  Connection& connection = *link->connection;
  if (link->recovered || connection.in_flight() || !connection.done()) return;
  link->recovered = true;
  Peer* peer = link->peer;
  const bool keeps = peer != nullptr && peer->dialer && !peer->given_up && !peer->immediate;
  std::uint64_t lost = 0;
  std::vector<Message> unsent;
  for (Message message; connection.TakeUnsent(&message); message = Message()) {
    if (keeps) {
      // As what is sent before the first link: or it could keep the next from the memory to send
      // it.
      message.Unpin();
      unsent.push_back(std::move(message));
    } else {
      ++lost;
    }
  }
  lost += connection.cut_messages();
  if (peer != nullptr && (peer->immediate || !peer->dialer)) lost += ClearQueue(peer);
  for (auto it = unsent.rbegin(); it != unsent.rend(); ++it) {
    peer->queue_bytes += it->wire_bytes();
    peer->queue.push_front({std::move(*it), Slice()});
  }
  if (keeps && options_.conflate) KeepNewest(peer, 1);
  CountLost(peer, lost);
  SocketEvent event{.kind = SocketEvent::Kind::kClosed};
  event.listener = link->listener;
  event.dialer = link->dialer;
  event.link = link->id;
  if (peer != nullptr) event.peer = peer->id;
  event.endpoint = link->remote;
  event.status = connection.status();
  event.lost_messages = lost;
  event.was_ready = link->was_ready;
  event.peer_info = std::make_shared<const PeerInfo>(connection.peer());
  Emit(std::move(event));
  if (peer == nullptr) return;
  if (lost > 0) pattern_->OnLost(peer);
  UpdateBalance(peer);
  Attach(peer);
  if (closing_) GoOnClosing(peer, link->id, now);
}

std::size_t SocketCore::ClearQueue(Peer* peer) {
  const std::size_t count = peer->queue.size();
  peer->queue.clear();
  peer->queue.Shrink();
  peer->queue_bytes = 0;
  return count;
}

// What waits for a peer that will have no link any more is lost, and counted.
void SocketCore::AbandonQueue(Peer* peer) { CountLost(peer, ClearQueue(peer)); }

void SocketCore::CountLost(const Peer* peer, std::uint64_t count) {
  stats_.lost += count;
  if (peer != nullptr && peer->gave_up) stats_.abandoned += count;
}

// Takes the link out of every list.
void SocketCore::Detach(Link* link) {
  fair_.Remove(&link->fair);
  work_.Remove(&link->work);
  dirty_.Remove(&link->dirty);
  timers_.Remove(&link->timer);
  if (last_sent_ == link) last_sent_ = nullptr;
}

bool SocketCore::EraseIfOver(Link* link) {
  if (!link->ended || !link->recovered || link->transport_open) return false;
  if (link->connection->delivering() && !closing_) return false;
  Peer* peer = link->peer;
  SeeOff(*link);
  Count(link, false);
  Detach(link);
  if (peer != nullptr) std::erase(peer->old, link);
  const std::unique_ptr<Link> gone = links_.Erase(link->id);
  if (peer == nullptr) return true;
  // The next of the peer's links may deliver now.
  for (Link* other : {peer->old.empty() ? nullptr : peer->old.front(), peer->link, peer->next}) {
    if (other == nullptr) continue;
    Introduce(other);
    Activate(other);
    if (other->ended) continue;
    other->connection->Hold(Holds(*other));
    UpdateHint(other);
    work_.Add(&other->work);
  }
  Attach(peer);
  if (peer->given_up && peer->old.empty()) pattern_->OnPeerDown(peer, /*gone=*/true);
  EraseIfUnused(peer);
  return true;
}

// An accepted peer, or one without its dialer, ends with its last link.
void SocketCore::EraseIfUnused(Peer* peer) {
  if (peer->dialer || peer->link != nullptr || peer->next != nullptr || !peer->old.empty()) return;
  EndDrops(peer);
  pattern_->OnPeerDown(peer, /*gone=*/true);
  balance_.Remove(&peer->balance);
  EndRefusal(peer);
  AbandonQueue(peer);
  peers_.Erase(peer->id);
}

// It is in the queue, or comes back to it once an earlier link's batch is back.
bool SocketCore::SomethingWaits(const Peer& peer) const {
  if (peer.given_up) return false;
  const bool keeps = peer.dialer && !peer.immediate;
  return !peer.queue.empty() ||
         (keeps && !std::ranges::all_of(peer.old, [](const Link* old) { return old->recovered; }));
}

// A closing socket closes a link once nothing waits for it and all that was sent is written: until
// then its end is one as any other, and what was not written goes to the next.
void SocketCore::CloseIfDrained(Link* link, Instant now) {
  Peer* peer = link->peer;
  if (link->ended || (peer != nullptr && SomethingWaits(*peer))) return;
  if (peer != nullptr && peer->link == link) {
    pattern_->Gather(peer);
    if (link->connection->in_flight() || link->connection->unsent_bytes() > 0) return;
  }
  CloseConnection(link, now);
}

void SocketCore::GoOnClosing(Peer* peer, LinkId ended, Instant now) {
  if (peer->link != nullptr) {
    Progress(peer->link, now);
    return;
  }
  Dialer* dialer = dialers_.Find(peer->dialer);
  // While it has the ended link it is told of that end by itself.
  if (dialer != nullptr && dialer->link != ended && !SomethingWaits(*peer)) EndDialer(dialer, now);
}

// What still waits for it, or the pattern has for it, is its own first, and written.
void SocketCore::CloseConnection(Link* link, Instant now) {
  Peer* peer = link->peer;
  if (peer != nullptr && peer->link == link) {
    MoveQueue(peer);
    pattern_->Gather(peer);
  }
  link->connection->Close(now);
}

void SocketCore::AbortAll(Instant now) {
  for (DialerId id : dialers_.Ids()) {
    if (Dialer* dialer = dialers_.Find(id)) EndDialer(dialer, now);
  }
  for (LinkId id : links_.Ids()) {
    Link* link = links_.Find(id);
    if (link == nullptr || link->connection == nullptr) continue;
    TellClose(link, CloseMode::kAbort);
    link->connection->OnTransportClosed(TerminalStatus(Cause::kLocal, "closed"), now);
    Progress(link, now);
  }
}

}  // namespace monocoque
