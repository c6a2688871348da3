#ifndef MONOCOQUE_PROTOCOL_SOCKET_PROXY_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PROXY_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque {

// Passes messages between two sockets, in each direction that their patterns have: a ROUTER and a
// DEALER, an XSUB and an XPUB, a PULL and a PUSH. A ROUTER's routing id travels as the first part.
// What the receiving side cannot take yet waits where it came from, so that marks hold over the
// proxy. Needs no adapter: call Run when one of the sockets can be received from, or sent to again.
//
// The sockets, which may be one and the same, outlive it. Thread-compatible.
class Proxy {
 public:
  // Messages passed in one direction before the other has its turn.
  static constexpr std::size_t kBurst = 1000;

  struct Count {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  // of their parts
  };
  struct Side {
    Count received;
    Count sent;
  };
  struct Stats {
    Side front;
    Side back;
    std::uint64_t unroutable = 0;    // nobody has the routing id, or it does not fit the socket
    std::uint64_t not_captured = 0;  // the capturing socket could not take the copy
  };

  // `capture` may be null; else it gets a copy of every message that passes, if it can take it.
  Proxy(Socket* front, Socket* back, Socket* capture = nullptr);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // OK, or why a socket would not go on: then Run passes nothing more. A message that could not be
  // delivered at the end is in the proxy, and TakeHeld gives it.
  const absl::Status& status() const { return status_; }
  const Stats& stats() const { return stats_; }
  bool paused() const { return paused_; }
  bool terminated() const { return terminated_; }

  // Passes what can pass now, up to kBurst messages each way. True: more is left, call again.
  bool Run(Instant now);

  // Nothing passes until Resume; what comes meanwhile waits in the sockets.
  void Pause() { paused_ = true; }
  void Resume() { paused_ = false; }
  // Nothing passes any more.
  void Terminate() { terminated_ = true; }

  // Does what a control message says: PAUSE, RESUME, TERMINATE, or STATISTICS, which asks for
  // `reply`: eight parts of eight octets, the lowest first: messages and bytes received and sent by
  // the front, then by the back (libzmq: zmq_proxy_steerable). False: it is none of these.
  bool Command(const Message& command, Message* reply);
  // Takes the commands that wait in `control`, a PAIR, PULL, SUB or REP. A PAIR answers STATISTICS,
  // a REP each command, and the others none. Fails where an answer could not be sent; what waits
  // behind its command is for the next call.
  absl::Status Steer(Socket* control, Instant now);

  // A message that was taken from one socket and not given to the other.
  bool TakeHeld(Message* out);

 private:
  struct Way {
    Socket* from;
    Socket* to;
    Count* received;
    Count* sent;
    Message held;  // taken from `from`, refused by `to`
    bool holds = false;
  };

  bool Pass(Way* way, Instant now);
  bool Take(Way* way, Instant now);
  bool Give(Way* way, Instant now);
  void Capture(Message* copy, Instant now);

  Stats stats_;
  Way there_;
  Way back_;
  Socket* const capture_;
  absl::Status status_;
  bool paused_ = false;
  bool terminated_ = false;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PROXY_H_
