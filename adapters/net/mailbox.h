#ifndef MONOCOQUE_ADAPTERS_NET_MAILBOX_H_
#define MONOCOQUE_ADAPTERS_NET_MAILBOX_H_

#include <functional>
#include <memory>

#include "adapters/net/reactor.h"
#include "adapters/waker.h"

namespace monocoque::net {

// Where sockets of other threads, and of this one, ask for a socket of an event loop to be looked
// after, for a runtime that has nothing of the kind. Who asks wakes the loop by an event
// descriptor; within a turn its own thread only leaves word.
//
// Thread rule: the loop's thread; wakers are called on any, and may outlive the loop.
class Mailbox final : public WatchHandler {
 public:
  // `watch` has the loop watch a descriptor; null: it cannot now. `turning`: it is made within a
  // turn.
  using WatchFunction = std::function<std::unique_ptr<Watch>(int fd, WatchHandler* handler)>;
  Mailbox(WatchFunction watch, bool turning);

  // Wakes the socket's reactor, as long as there is one; without one it only ends a wait. Null: the
  // system has no descriptor now to be woken by.
  std::shared_ptr<Waker> MakeWaker(std::weak_ptr<Reactor> socket);
  // Somebody asked and was not answered yet: the loop must not wait.
  bool waiting() const;
  // A turn begins, after which it is looked at whether somebody waits.
  void BeginTurn();
  // It is over. False of `looked`: somebody may wait of whom nobody was told.
  void EndTurn(bool looked);
  // Wakes whoever was asked for; false: nobody was.
  bool Deliver();
  void OnReady(bool readable, bool writable) override;

 private:
  struct Shared;
  class SocketWaker;

  bool Open();

  const WatchFunction make_watch_;
  const std::shared_ptr<Shared> shared_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_MAILBOX_H_
