#ifndef MONOCOQUE_PROTOCOL_SOCKET_CORE_H_
#define MONOCOQUE_PROTOCOL_SOCKET_CORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/read_window.h"
#include "alloc/ring_queue.h"
#include "protocol/connection/reserve.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/drive/slot_map.h"
#include "protocol/drive/timer_heap.h"
#include "protocol/drive/transport_options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/parts.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {

class Pattern;

// The machinery that all patterns share: listeners, dialers, links and peers and their lives, fair
// queueing, load balancing, reconnects, linger, actions and events. Socket forwards to it; the
// pattern decides who gets what.
//
// Thread-compatible. Invariants: a link is in `dirty_` iff it has something to write and no batch
// is out; a peer is in `balance_` iff it can take a message now; each link's timer is never later
// than its next deadline.
class SocketCore {
 public:
  SocketCore(SocketType type, const SocketOptions& options, const Host& host);
  ~SocketCore();
  SocketCore(const SocketCore&) = delete;
  SocketCore& operator=(const SocketCore&) = delete;

  void set_pattern(Pattern* pattern) { pattern_ = pattern; }

  SocketType type() const { return type_; }
  const SocketOptions& options() const { return options_; }
  const SocketStats& stats() const { return stats_; }
  SocketStats* mutable_stats() { return &stats_; }
  Entropy* entropy() const { return host_.entropy.get(); }
  const std::shared_ptr<SlabPool>& pool() const { return host_.pool; }
  const BudgetPtr& budget() const { return budget_; }
  bool closing() const { return closing_; }
  // Receive is not the pattern's to answer: the socket is closing, or a notice waits.
  bool receives_apart() const { return receives_apart_; }

  // ---- For Socket: facts (core_links.cc, core_dialers.cc) --------------------------------------

  void OnListening(ListenerId id, const Endpoint& bound);
  void OnListenFailed(ListenerId id, const absl::Status& why);
  void OnAcceptFailed(ListenerId id, const absl::Status& why);
  absl::StatusOr<LinkId> OnAccepted(ListenerId id, const TransportInfo& transport, Instant now);
  void OnDialed(LinkId id, const TransportInfo& transport, Instant now);
  void OnDialFailed(LinkId id, const absl::Status& why, Instant now);
  void OnTransportClosed(LinkId id, const absl::Status& why, Instant now);
  absl::StatusOr<ReadWindow> PrepareRead(LinkId id);
  void CommitRead(LinkId id, ReadWindow window, std::size_t bytes, Instant now);
  absl::Status Donate(LinkId id, Slice octets, Instant now);
  void OnWritten(LinkId id, std::size_t written, Instant now);
  void ReturnBatch(LinkId id, TransmitBatch batch, std::size_t written, const absl::Status& status,
                   Instant now);
  void HandleTimeout(Instant now);
  void Authorize(LinkId id, const AuthVerdict& verdict, Instant now);

  // ---- For Socket: wishes (core.cc) ------------------------------------------------------------

  absl::StatusOr<ListenerId> Bind(const Endpoint& endpoint, const LinkOptions& options);
  absl::StatusOr<DialerId> Connect(const Endpoint& endpoint, const LinkOptions& options,
                                   Instant now);
  absl::Status Unbind(ListenerId id, Instant now);
  absl::Status Disconnect(DialerId id, Instant now);
  void Close(absl::Duration linger, Instant now);
  bool has_event() const { return !events_.empty(); }
  bool has_outputs() const { return !actions_.empty() || !dirty_.empty() || !work_.empty(); }
  bool drained() const { return closing_ && links_.empty() && dialers_.empty(); }

  absl::Status Forsaken() const;
  std::uint64_t forsaken_messages() const { return stats_.abandoned - abandoned_before_; }

  // The next message that no peer sent; false if there is none.
  bool TakeNotice(Message* out);

  // ---- For Socket: outputs (core.cc) -----------------------------------------------------------

  bool Process(std::size_t max_frames, Instant now);
  bool NextAction(Action* out);
  bool NextEvent(SocketEvent* out);
  bool NextWritable(PeerId* out);
  bool NextTransmitLink(LinkId* out);
  bool FillTransmit(LinkId id, TransmitBatch* batch, std::size_t max_bytes);
  std::size_t pending_bytes() const;
  Instant NextDeadline() const {
    return timers_.next() < linger_deadline_ ? timers_.next() : linger_deadline_;
  }

  // ---- For patterns ----------------------------------------------------------------------------

  Peer* FindPeer(PeerId id) const { return peers_.Find(id); }
  Link* FindLink(LinkId id) const { return links_.Find(id); }
  Dialer* FindDialer(DialerId id) const { return dialers_.Find(id); }
  std::size_t ready_peers() const { return ready_peers_; }

  bool AnyPeerCanTake() const { return !balance_.empty(); }
  bool CanTake(const Peer& peer) const;
  bool AtSendMark(const Peer& peer) const;
  // It has a link, or its dialer goes on.
  static bool MayReach(const Peer& peer) {
    return peer.link != nullptr || peer.next != nullptr || (peer.dialer && !peer.given_up);
  }
  // The same; one that cannot is told of by NextWritable once it can.
  bool AskRoom(Peer* peer);
  // Could a message be published now? With xpub_nodrop each attached peer must have room.
  bool CanPublish();
  // What was taken for the peer and not handed to a transport: in its queue, on its link, or on one
  // that is over and has its batch still out. It is what the send mark is held against.
  Unsent UnsentOf(const Peer& peer) const;
  // Gives the message to this peer: to its link, or to its queue while it has none. False: it
  // cannot take it now, and the message is untouched. `prefix`: frames in wire form in front of it.
  bool SendToPeer(Peer* peer, Message* message, Bytes prefix, Instant now) {
    if (Link* link = peer->direct) [[likely]] {
      if (!link->connection->Send(message, now, prefix).ok()) {
        OnRefused(peer, link);
        return false;
      }
      ++stats_.messages_sent;
      ++peer->sent;
      last_sent_ = link;
      MarkDirty(link);
      if (!link->connection->CanSend()) [[unlikely]]
        balance_.Remove(&peer->balance);
      return true;
    }
    return QueueForPeer(peer, message, prefix);
  }
  // As SendToPeer for a message that stays, and counts for none sent: one of many copies.
  bool SendCopy(Peer* peer, const Message& message, Bytes prefix);
  // The link has something to write, unless a batch is out already.
  void MarkDirty(Link* link) {
    if (!link->dirty.linked() && !link->connection->in_flight()) dirty_.Add(&link->dirty);
  }
  // SendToPeer for the next peer by turns (ALL-6); unavailable if none can take it (ALL-7).
  absl::Status SendBalanced(Message* message, Bytes prefix, Instant now, PeerId* to = nullptr) {
    while (Peer* peer = balance_.front()) {
      if (SendToPeer(peer, message, prefix, now)) [[likely]] {
        if (to != nullptr) *to = peer->id;
        if (balance_.front() == peer) balance_.Rotate();
        return absl::OkStatus();
      }
      balance_.Remove(&peer->balance);
    }
    return absl::UnavailableError("");
  }

  // The next message, from the links that have some in turn (ALL-5).
  bool ReceiveFair(Message* out, Instant now);
  // A message was taken that is sent as many copies, or as none.
  void CountSent() { ++stats_.messages_sent; }
  // A message that the peer would get is dropped, since it is at its mark: counted, and told with
  // the first and once it has room again, or goes.
  void DropFor(Peer* peer);
  void EndDrops(Peer* peer);
  // The peer's subscriptions are beyond its limit or the socket's budget: counted, and told with
  // the first of a link, or whoever sends on would drive out all other events.
  void RefuseSubscription(const Peer& peer);
  // Those of the peer's link. A peer without one may subscribe to nothing.
  const Limits& LimitsOf(const Peer& peer) const;
  // Messages that Receive threw away by rule.
  void CountDropped(std::uint64_t count = 1) { stats_.dropped += count; }

  // Stops, or goes on with, reading from all links: the pattern cannot store what they bring.
  void HoldInput(bool on);
  bool holds_input() const { return held_; }
  // For each peer with an attached link; `visit` must not end any.
  template <typename Visit>
  void ForEachAttached(Visit&& visit) {
    peers_.ForEach([&](Peer* peer) {
      if (peer->link != nullptr) visit(peer);
    });
  }
  // For each peer that a message may be queued for: with an attached link, or with a dialer that
  // goes on; `visit` must not end any.
  template <typename Visit>
  void ForEachRecipient(Visit&& visit) {
    peers_.ForEach([&](Peer* peer) {
      if (peer->link != nullptr || (peer->dialer && !peer->given_up)) visit(peer);
    });
  }
  // For each peer with a finished handshake, attached or about to be. `visit` may end it.
  template <typename Visit>
  void ForEachReady(Visit&& visit) {
    for (PeerId id : peers_.Ids()) {
      Peer* peer = peers_.Find(id);
      if (peer != nullptr && (peer->link != nullptr || peer->next != nullptr)) visit(peer);
    }
  }
  void Emit(SocketEvent event);

  // Ends the peer's link: with ERROR and `reason` if there is one.
  void FailPeer(Peer* peer, absl::Status why, std::string_view reason, Instant now);
  // Ends the peer's link once what was handed to it is written, and with it its dialer.
  void ClosePeer(Peer* peer, Instant now);
  // Ends the peer's link as if its transport had closed: what it brought is still delivered.
  void EndPeer(Peer* peer, absl::Status why, Instant now);

 private:
  // core.cc
  //
  // The peer's link did not take a message: it is at its mark, or short of memory for a while.
  void OnRefused(Peer* peer, Link* link);
  // The peer is gone, or nothing is queued for it any more.
  void EndRefusal(Peer* peer);
  bool QueueForPeer(Peer* peer, Message* message, Bytes prefix);
  // What waits for the peer's link goes to its connection, as far as that takes it. With conflation
  // only when it is about to write, so that a newer message can take its place until then.
  void FlushQueue(Peer* peer);
  void MoveQueue(Peer* peer);
  // Drops all that waits but the last `count` messages.
  void KeepNewest(Peer* peer, std::size_t count);
  void UpdateBalance(Peer* peer);
  SocketEvent EventOf(SocketEvent::Kind kind, const Peer& peer) const;
  void DropInput(Instant now);
  void PrefetchNext() const;
  void AfterDraining(Link* link, Instant now);
  void GoOnReading(Link* link);

  std::shared_ptr<const LinkOptions> Keep(const LinkOptions& options);
  static std::shared_ptr<const TransportOptions> TransportOf(
      const std::shared_ptr<const LinkOptions>& options);

  // core_dialers.cc: attempts of dialers
  void StartDial(Dialer* dialer, Instant now);
  static bool GivesUp(const Dialer& dialer, const absl::Status& why);
  void RetryDial(Dialer* dialer, const absl::Status& why, Instant now);
  void EndDialer(Dialer* dialer, Instant now);

  // core_links.cc: lives of links
  Link* MakeLink();
  // Has the listener count the link: in its handshake, or over and with something to be received;
  // or no more so.
  void Count(Link* link, bool pending);
  // Has the listener accept, or not, as its pending links say.
  void UpdateAccepting(Listener* listener);
  absl::Status Open(Link* link, const TransportInfo& transport, Instant now);
  // Draws all consequences of whatever happened on the link: events, timers, hints, lists. May
  // erase it.
  void Progress(Link* link, Instant now);
  void OnConnectionEvent(Link* link, const ConnectionEvent& event, Instant now);
  void OnReady(Link* link, Instant now);
  void Attach(Peer* peer);
  void TellClose(Link* link, CloseMode mode);
  void UpdateHint(Link* link);
  void SetTimer(Link* link, Instant now);
  // Its connection may have been refused memory: it asks again in time.
  void WaitForMemory(Link* link);
  void Activate(Link* link);
  bool MayDeliver(const Link& link) const;
  // Is the link to be read at all?
  bool Holds(const Link& link) const;
  bool Unlisten(ListenerId id);

  // core_ends.cc: how they end
  void OnEnded(Link* link, Instant now);
  void Detach(Link* link);
  void Recover(Link* link, Instant now);
  std::size_t ClearQueue(Peer* peer);
  void AbandonQueue(Peer* peer);
  // Messages for the peer, which may be null: those of one that gave up are counted apart, too.
  void CountLost(const Peer* peer, std::uint64_t count);
  bool EraseIfOver(Link* link);
  void EraseIfUnused(Peer* peer);
  // Is something to be sent on the peer's next link?
  bool SomethingWaits(const Peer& peer) const;
  void CloseIfDrained(Link* link, Instant now);
  // What the end of a link left of a closing socket's peer.
  void GoOnClosing(Peer* peer, LinkId ended, Instant now);
  void CloseConnection(Link* link, Instant now);
  void AbortAll(Instant now);

  // core_notices.cc: messages that the socket makes by itself
  //
  // What the options say goes out first on a peer's new link.
  void Greet(Link* link);
  // The next messages of the link's peer are those of this link.
  void Introduce(Link* link);
  // The last message of the link was taken.
  void SeeOff(const Link& link);
  void Notice(const Link& link, std::string_view text);
  absl::Status RoomForNotices() const;

  const SocketType type_;
  const SocketOptions options_;
  std::shared_ptr<const LinkOptions> link_options_;  // those of options_, for who outlives us
  const Host host_;
  BudgetPtr budget_;
  const std::shared_ptr<Reserves> reserves_ = std::make_shared<Reserves>();
  Pattern* pattern_ = nullptr;
  SocketStats stats_;

  SlotMap<ListenerId, Listener> listeners_;
  SlotMap<DialerId, Dialer> dialers_;
  SlotMap<LinkId, Link> links_;
  SlotMap<PeerId, Peer> peers_;
  Rotation<Link> fair_;
  Rotation<Link> work_;
  Rotation<Link> dirty_;
  Rotation<Peer> balance_;
  Rotation<Peer> writable_;
  PeerId refused_and_gone_;  // one that refused a message and is gone since; told by NextWritable
  TimerHeap<TimerOwner> timers_;
  RingQueue<Action> actions_;
  RingQueue<SocketEvent> events_;
  std::size_t told_bytes_ = 0;  // of what peers told, in events_
  RingQueue<Message> notices_;
  bool receives_apart_ = false;
  Link* last_sent_ = nullptr;
  std::size_t ready_peers_ = 0;
  std::size_t hopeless_dialers_ = 0;    // that gave up
  absl::Status gave_up_;                // why the last of them did
  std::uint64_t abandoned_before_ = 0;  // when there was hope last
  bool closing_ = false;
  bool held_ = false;
  Instant linger_deadline_ = Instant::Never();
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_CORE_H_
