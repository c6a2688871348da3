#ifndef MONOCOQUE_ADAPTERS_URING_MAILBOX_H_
#define MONOCOQUE_ADAPTERS_URING_MAILBOX_H_

#include <memory>

#include "adapters/net/reactor.h"
#include "adapters/uring/watch.h"
#include "adapters/waker.h"

namespace monocoque::uring {

class Loop;
class SocketState;

// Where sockets of other threads, and of this one, ask for a socket of the loop to be looked after,
// and where the resolver's thread says that it has found something.
// Who asks wakes the loop by an event descriptor; within a turn its own thread only leaves word.
//
// Thread rule: the loop's thread; wakers are called on any, and may outlive the loop.
class Mailbox final : public net::WatchHandler {
 public:
  // `turning`: it is made within a turn.
  Mailbox(Loop* loop, bool turning);

  // Touches the socket, as long as there is one; without one it only ends a wait.
  std::shared_ptr<Waker> MakeWaker(std::weak_ptr<SocketState> socket);
  // Somebody asked and was not answered yet: the loop must not wait.
  bool waiting() const;
  // A turn begins, after which it is looked at whether somebody waits.
  void BeginTurn();
  // It is over. False of `looked`: somebody may wait of whom nobody was told.
  void EndTurn(bool looked);
  // Touches whoever was asked for; false: nobody was.
  bool Deliver();
  void OnReady(bool readable, bool writable) override;

 private:
  struct Shared;
  class SocketWaker;

  const std::shared_ptr<Shared> shared_;
  Watch watch_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_MAILBOX_H_
