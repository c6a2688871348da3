#ifndef MONOCOQUE_PROTOCOL_SOCKET_SOCKET_H_
#define MONOCOQUE_PROTOCOL_SOCKET_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/connection/peer_info.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/machine.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {

class SocketCore;
class Pattern;

// Counts since the socket was made.
struct SocketStats {
  std::uint64_t messages_sent = 0;      // taken by Send, but for those that count as dropped
  std::uint64_t messages_received = 0;  // handed out by Receive
  std::uint64_t dropped = 0;     // by the pattern's rules: ROUTER to nobody, input of PUSH ...
  std::uint64_t lost = 0;        // cut in the middle, or unsent with an accepted peer that is gone
  std::uint64_t abandoned = 0;   // of those: because their dialer gave up for good
  std::uint64_t reconnects = 0;  // handshakes done by a dialer after its first
  std::uint64_t subscriptions_refused = 0;  // beyond a peer's limit or the budget
  std::uint64_t events_lost = 0;            // that did not fit the event queue
};

// What is known of one peer now.
struct PeerStats {
  std::uint64_t messages_sent = 0;      // taken for it
  std::uint64_t messages_received = 0;  // taken from it
  std::uint64_t messages_dropped = 0;   // not sent to it: it was at its mark
  std::size_t unsent_messages = 0;      // wait for its link, or on it, and were not handed over yet
  std::size_t unsent_bytes = 0;
  std::size_t unreceived_messages = 0;  // whole ones known to lie untaken
  std::size_t unreceived_bytes = 0;
  bool ready = false;  // it has a finished handshake now
};

// A whole ZeroMQ socket with no input or output of its own: many peers, the pattern's rules,
// routing, queues, marks, reconnects, linger. Octets and time go in, actions, messages, octets and
// a deadline come out; an adapter moves the octets (adapters/pump.h), or you do.
//
// Method kinds: getters; facts (from the transport and the clock); wishes (from the application);
// outputs. Once a turn, after the facts, drain the outputs in this order:
//
//     Receive for whoever waits; Process; NextAction; NextEvent; NextTransmitLink + FillTransmit;
//     NextDeadline
//
// No output costs more than the links that have something to say.
//
// Contract: thread-compatible, never re-entrant (it calls nobody). `now` is the turn's time and
// never decreases. Early, late and repeated calls are harmless, and so are facts about links that
// are gone: no id is ever used twice. Whole messages received before a link's end are delivered,
// the cut one is not.
//
// Who is who: a listener is one Bind; a dialer one Connect, over all its attempts; a link one
// attempt; a peer a send queue, a receive queue and a routing id. A dialer's peer is made by
// Connect and outlives its links: what was sent and had not begun goes to the next link. An
// accepted peer is made by the handshake and ends with its link, once its received messages are
// taken.
class Socket {
 public:
  // Refuses impossible combinations with a sentence. `host.pool` and `host.entropy` are required.
  static absl::StatusOr<Socket> Create(SocketType type, const SocketOptions& options,
                                       const Host& host);

  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  // ---- Getters: any time, no effect ------------------------------------------------------------

  SocketType type() const;
  const SocketOptions& options() const;
  const SocketStats& stats() const;
  // Would Send take a message now? ROUTER, STREAM: always true, the destination decides. PUB, XPUB,
  // RADIO: true, or with xpub_nodrop if every peer has room.
  bool CanSend() const;
  bool CanSend(PeerId peer) const;
  ReadHint read_hint(LinkId link) const;
  // Has somebody limited what the link may hold? Then it is to be read into windows, which its
  // budget is charged for: what is donated is its donor's.
  bool budgeted(LinkId link) const;
  // The dialer's peer; no id if the dialer is gone.
  PeerId peer(DialerId dialer) const;
  // ROUTER, SERVER, PEER, STREAM: who has this routing id now; no id if nobody.
  PeerId FindPeer(Bytes routing_id) const;
  // ROUTER, SERVER, PEER, STREAM: what messages to this peer go by; empty if there is no such peer,
  // or it has none yet. Valid until the next call.
  Bytes routing_id(PeerId peer) const;
  // What the peer told in its last handshake; null before, or when the peer is gone.
  std::shared_ptr<const PeerInfo> peer_info(PeerId peer) const;
  // Nothing if the peer is gone.
  std::optional<PeerStats> peer_stats(PeerId peer) const;
  // Is a message there to be taken? May find out by taking it, and keeps it then.
  bool CanReceive(Instant now) { return Peek(nullptr, now) != nullptr; }
  // PUB, XPUB, SUB, XSUB: distinct prefixes that are subscribed to; RADIO, DISH: groups joined
  // (libzmq: TOPICS_COUNT).
  std::size_t topics() const;
  // Peers with a finished handshake now.
  std::size_t ready_peers() const;
  // An action or something to write waits to be drained, or octets for Process.
  bool has_outputs() const;
  // After Close: true once nothing is left to send and every link was told to close.
  bool drained() const;

  // ---- Facts -----------------------------------------------------------------------------------

  void OnListening(ListenerId listener, const Endpoint& bound, Instant now);
  void OnListenFailed(ListenerId listener, const absl::Status& why, Instant now);
  // An accept failed (descriptors are out, say); the adapter pauses and tries again by itself.
  void OnAcceptFailed(ListenerId listener, const absl::Status& why, Instant now);
  // The new link, or unavailable: close the transport, nobody wants it.
  absl::StatusOr<LinkId> OnAccepted(ListenerId listener, const TransportInfo& transport,
                                    Instant now);
  void OnDialed(LinkId link, const TransportInfo& transport, Instant now);
  void OnDialFailed(LinkId link, const absl::Status& why, Instant now);
  // OK: an orderly end of stream.
  void OnTransportClosed(LinkId link, const absl::Status& why, Instant now);
  absl::StatusOr<ReadWindow> PrepareRead(LinkId link);
  void CommitRead(LinkId link, ReadWindow window, std::size_t bytes, Instant now);
  absl::Status Donate(LinkId link, Slice octets, Instant now);
  // Of the link's batch that is out so many octets have left, all in all.
  void OnWritten(LinkId link, std::size_t written, Instant now);
  void ReturnBatch(LinkId link, TransmitBatch batch, std::size_t written,
                   const absl::Status& status, Instant now);
  void HandleTimeout(Instant now);
  // The answer to action::Authenticate, once, at any time; ignored where it is late.
  void Authorize(LinkId link, const AuthVerdict& verdict, Instant now);

  // ---- Wishes ----------------------------------------------------------------------------------

  // Asks for a listener or a dialer (the action follows); misuse is a sentence.
  absl::StatusOr<ListenerId> Bind(const Endpoint& endpoint, Instant now);
  absl::StatusOr<ListenerId> Bind(const Endpoint& endpoint, const LinkOptions& options,
                                  Instant now);
  absl::StatusOr<DialerId> Connect(const Endpoint& endpoint, Instant now);
  absl::StatusOr<DialerId> Connect(const Endpoint& endpoint, const LinkOptions& options,
                                   Instant now);
  // As Connect, for PEER: the routing number of the new peer, which takes messages from now on
  // (libzmq: zmq_connect_peer).
  absl::StatusOr<std::uint32_t> ConnectPeer(const Endpoint& endpoint, Instant now);
  absl::StatusOr<std::uint32_t> ConnectPeer(const Endpoint& endpoint, const LinkOptions& options,
                                            Instant now);
  // The listener ends, and with it the links it accepted, as with Disconnect; not found if there is
  // none.
  absl::Status Unbind(ListenerId listener, Instant now);
  // The dialer ends: its link is closed once what was handed to it is written; what was not is lost
  // and counted. What the link brought and nobody took is dropped, and not counted.
  absl::Status Disconnect(DialerId dialer, Instant now);

  // Takes the message (it is empty then) or leaves it untouched. Unavailable, without a sentence:
  // no peer can take it now. ROUTER, SERVER, PEER, STREAM: goes to message->to(). RADIO: to
  // who joined message->group(). STREAM: an empty message ends the peer's link. A call out of turn
  // is a failed precondition, several parts where there may be one only an invalid argument.
  absl::Status Send(Message* message, Instant now);
  // To this incarnation of the peer: not found once it is gone.
  absl::Status SendTo(PeerId peer, Message* message, Instant now);

  // The next message without taking it; null: nothing is ready. Valid until the next call that
  // takes or feeds.
  const Message* Peek(PeerId* from, Instant now);
  // Takes the next message, fairly over the peers; false: nothing is ready. `from` may be null.
  bool Receive(Message* out, PeerId* from, Instant now);
  // As Receive, saying why not: unavailable, or a failed precondition when the pattern does not
  // receive now (REQ before a request, PUSH ever).
  absl::Status ReceiveStatus() const;

  // As CanSend, saying why not: unavailable, or a failed precondition when the pattern never sends
  // (PULL), or the socket is closed.
  absl::Status SendStatus() const;

  // OK; or why the dialer that was last to do so gave up for good, if all did, nobody listens and
  // no peer is left: then no message goes or comes before another Bind or Connect.
  absl::Status Forsaken() const;
  // How many of stats().abandoned were since there was hope last: a Bind or Connect, or a peer that
  // got ready.
  std::uint64_t forsaken_messages() const;

  // SUB and XSUB: messages that begin with `prefix` are wanted, or no more so. Counted: two
  // Subscribe of one prefix need two Unsubscribe, which is not found where there is none.
  // Publishers that come later hear of it too. XPUB with xpub_manual: for the peer whose notice was
  // received last.
  absl::Status Subscribe(Bytes prefix, Instant now);
  absl::Status Subscribe(std::string_view prefix, Instant now) {
    return Subscribe(AsBytes(prefix), now);
  }
  absl::Status Unsubscribe(Bytes prefix, Instant now);
  absl::Status Unsubscribe(std::string_view prefix, Instant now) {
    return Unsubscribe(AsBytes(prefix), now);
  }
  // DISH: messages of this group are wanted, or no more so. Once each: what is joined already
  // exists, what is not is not found. A group has at most 255 octets, none of them zero.
  absl::Status Join(std::string_view group, Instant now);
  absl::Status Leave(std::string_view group, Instant now);
  // XPUB with xpub_manual: for this peer.
  absl::Status SubscribeFor(PeerId peer, Bytes prefix, Instant now);
  absl::Status UnsubscribeFor(PeerId peer, Bytes prefix, Instant now);

  // No more listeners, dialers, sends; what was sent is still written, over reconnects too, for at
  // most `linger` (zero or less: nothing is waited for). What was received and not taken is
  // dropped, and so is what still comes. Again: with a new linger time, from now on.
  void Close(absl::Duration linger, Instant now);

  // ---- Outputs ---------------------------------------------------------------------------------

  // Goes on with handshakes and looks ahead over links with octets not yet seen: up to `max_frames`
  // frames. True: more is left, call again next turn.
  bool Process(std::size_t max_frames, Instant now);
  bool NextAction(Action* out);
  bool NextEvent(SocketEvent* out);
  bool has_event() const;
  // A peer that was refused a message for want of room and has some now; each once a refusal. Or,
  // of those that went meanwhile, the last: a Send to it says so.
  bool NextWritable(PeerId* out);
  // A link that has something to write and no batch out; each once until ReturnBatch or the next
  // send.
  bool NextTransmitLink(LinkId* out);
  bool FillTransmit(LinkId link, TransmitBatch* batch, std::size_t max_bytes);
  // Octets that wait for FillTransmit on the link that the last Send went to.
  std::size_t pending_bytes() const;
  Instant NextDeadline() const;

 private:
  explicit Socket(std::unique_ptr<SocketCore> core, std::unique_ptr<Pattern> pattern);

  bool Take(Message* out, Instant now);
  bool TakePeeked(Message* out);

  std::unique_ptr<SocketCore> core_;
  std::unique_ptr<Pattern> pattern_;
  Message peeked_;
  bool has_peeked_ = false;
};

static_assert(Machine<Socket>);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_SOCKET_H_
