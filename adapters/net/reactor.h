#ifndef MONOCOQUE_ADAPTERS_NET_REACTOR_H_
#define MONOCOQUE_ADAPTERS_NET_REACTOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/net/link.h"
#include "adapters/net/turn_clock.h"
#include "adapters/waker.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"

namespace monocoque::net {

// Hears of a watched descriptor.
class WatchHandler {
 public:
  virtual ~WatchHandler() = default;
  // It can be read, or written, without waiting. An error and the end of the stream count as both:
  // the next call says which. May destroy the Watch that tells it.
  virtual void OnReady(bool readable, bool writable) = 0;
};

// A descriptor that is watched. Destroying it ends that at once: the handler hears no more, and the
// descriptor, which stays its owner's, may be closed.
class Watch {
 public:
  virtual ~Watch() = default;
  // What is asked for from now on, until it is changed; neither is asked for at first. As long as
  // what is asked for holds, OnReady comes again.
  virtual void Want(bool read, bool write) = 0;
};

// A name that is looked up. Destroying it ends that: its callback does not come any more.
class Lookup {
 public:
  virtual ~Lookup() = default;
};

// What a SocketDriver needs of the runtime it runs on, one for each socket. No call back comes from
// within a call of these; each comes on the runtime's thread, or one at a time on its strand.
class Reactor {
 public:
  using Found = std::function<void(absl::StatusOr<std::vector<Address>>)>;

  virtual ~Reactor() = default;

  // Calls SocketDriver::Turn soon, once however often it is asked for until then.
  virtual void Wake() = 0;
  // Calls SocketDriver::OnTimer at this time, instead of at the time set before; Never: not at all.
  virtual void SetTimer(Instant when) = 0;
  // The handler outlives the watch. An error: the runtime cannot watch this descriptor.
  virtual absl::StatusOr<std::unique_ptr<Watch>> MakeWatch(int fd, WatchHandler* handler) = 0;
  // Looks up a name without blocking; `found` comes later, once. It may destroy the Lookup. An
  // error: nobody can be asked.
  virtual absl::StatusOr<std::unique_ptr<Lookup>> Resolve(const std::string& host,
                                                          std::uint16_t port, Found found) = 0;
  // The socket listens, is connected or dials, or does not any more: where a runtime ends by itself
  // once nothing can happen, this is something that can, whether or not anything is watched.
  virtual void Hold(bool /*on*/) {}
  // Calls SocketDriver::Touch on the runtime's thread, asked from any; for as long as the driver
  // lives. Made when the first inproc:// endpoint is used, and when the first peer is asked about.
  // Null: the system has no descriptor for it now; it is asked again when another is needed.
  virtual std::shared_ptr<Waker> MakeWaker() { return nullptr; }
  // A link of the runtime's own for a connected descriptor, which it owns from then on. Null: it
  // has none, and the driver reads and writes by itself when the descriptor is ready.
  virtual LinkPtr MakeLink(LinkId /*link*/, int /*fd*/) { return nullptr; }
  // The time that its driver goes by; sockets that take their turns together may share one.
  virtual TurnClock& clock() { return clock_; }

 private:
  TurnClock clock_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_REACTOR_H_
