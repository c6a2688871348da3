#ifndef MONOCOQUE_PROTOCOL_SOCKET_PARTS_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "alloc/prefetch.h"
#include "alloc/ring_queue.h"
#include "alloc/slice.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/peer_info.h"
#include "protocol/drive/action.h"
#include "protocol/drive/backoff.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/rotation.h"
#include "protocol/drive/timer_heap.h"
#include "protocol/socket/options.h"
#include "protocol/socket/subscriber.h"
#include "protocol/wire/message.h"

namespace monocoque {

// What a socket is made of. Plain records: the rules are in SocketCore and in the patterns.

struct Link;
struct Peer;
struct Dialer;

// What a deadline of the socket belongs to: exactly one is set.
struct TimerOwner {
  Link* link = nullptr;
  Dialer* dialer = nullptr;
};

struct Listener {
  ListenerId id;
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const LinkOptions> options;
  std::size_t pending_links = 0;  // in their handshake, or over and not wholly received
  bool accepting = true;          // as the last Accepting action said
  bool crowded = false;           // it was told that there are too many
};

// One Connect, over all its attempts.
struct Dialer {
  explicit Dialer(std::shared_ptr<const LinkOptions> link_options)
      : options(std::move(link_options)), backoff(options->reconnect) {
    timer_owner.dialer = this;
    timer.owner = &timer_owner;
  }

  DialerId id;
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const LinkOptions> options;
  std::uint32_t attempts = 0;  // begun so far
  Backoff backoff;
  PeerId peer;
  LinkId link;  // the attempt under way; none during a pause
  bool was_ready = false;
  TimerOwner timer_owner;
  TimerNode<TimerOwner> timer;
};

// Messages, and the octets they take on the wire, that no transport has yet.
struct Unsent {
  std::size_t messages = 0;
  std::size_t bytes = 0;
};

// A message that waits for a link, with the envelope that goes in front of it.
struct Outgoing {
  Message message;
  Slice prefix;
};

// One transport attempt. What each message needs lies together, in front.
struct alignas(kCacheLine) Link {
  Link() : fair(this), dirty(this), work(this) {
    timer_owner.link = this;
    timer.owner = &timer_owner;
  }

  std::unique_ptr<Connection> connection;  // null while dialing
  Peer* peer = nullptr;     // from the start for a dialer's, from the handshake for an accepted one
  RotationNode<Link> fair;  // may have messages to take
  RotationNode<Link> dirty;  // has something to write and no batch out
  ReadHint told_hint;        // what the last Read action said

  LinkId id;
  DialerId dialer;              // none: accepted
  ListenerId listener;          // none: dialed
  Instant deadline;             // of the handshake, dialing included
  Instant ready_since;          // if was_ready
  bool pending = false;         // its listener counts it
  bool was_ready = false;       // its handshake was finished
  bool introduced = false;      // its messages are next, or were: nothing older waits
  bool ended = false;           // its end was dealt with: peer detached, event given
  bool recovered = false;       // what it had not sent was taken back
  bool told_refused = false;    // a subscription of its peer was refused, which an event told
  bool transport_open = false;  // we still owe the driver a CloseLink, or it owes us a fact
  std::string remote;           // endpoint text
  Slice routing_id;             // its messages', if its peer got another since; else empty

  RotationNode<Link> work;  // has octets that Process has not seen
  TimerOwner timer_owner;
  TimerNode<TimerOwner> timer;
};

// A send queue, a receive queue and a routing id. What each message needs lies together, in front.
struct alignas(kCacheLine) Peer {
  Peer() : balance(this), writable(this) {}

  // Its link with a finished handshake, attached or about to be; null: it has none.
  Link* ready_link() const { return link != nullptr ? link : next; }

  PeerId id;
  Link* direct = nullptr;      // its link while a message may go to it at once; else by the queue
  std::uint64_t sent = 0;      // messages taken for it
  std::uint64_t received = 0;  // messages taken from it
  Slice routing_id;            // ROUTER, SERVER, PEER, STREAM
  bool routed = false;         // the table has this peer under its id
  bool handed_over = false;    // another has its id: nobody hears of its end any more
  bool refused = false;        // one was refused for want of room: it is told when there is some
  bool immediate = false;      // without a link it takes no message and keeps none
  bool given_up = false;       // its dialer makes no further attempt: nothing is queued for it
  bool gave_up = false;        // of its own, for good, and was not let go of
  bool renamed = false;        // earlier links have routing ids of their own

  DialerId dialer;            // none: accepted, and gone with its link
  Link* link = nullptr;       // in traffic and allowed to send
  Link* next = nullptr;       // in traffic, but an earlier link's batch is still out
  std::vector<Link*> old;     // earlier links with messages to take or a batch out, oldest first
  RingQueue<Outgoing> queue;  // waits for a link
  std::size_t queue_bytes = 0;
  std::shared_ptr<const PeerInfo> info;
  std::unique_ptr<Subscriber> subscriber;  // PUB, XPUB, RADIO
  std::uint64_t dropped = 0;               // messages not sent to it because it was at its mark
  std::uint64_t dropping = 0;              // those since it last had room

  RotationNode<Peer> balance;   // can take a message now
  RotationNode<Peer> writable;  // could not, and can now: NextWritable tells
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PARTS_H_
