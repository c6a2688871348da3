#ifndef MONOCOQUE_ADAPTERS_NET_ACCEPTOR_H_
#define MONOCOQUE_ADAPTERS_NET_ACCEPTOR_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "adapters/net/listener.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "protocol/drive/ids.h"

namespace monocoque::net {

class SocketDriver;

// Accepts for one listener. After a failure (descriptors or memory are out, say) it pauses, so that
// the loop does not spin on it, and whoever hears of it is not flooded.
class Acceptor final : public WatchHandler, public Timed {
 public:
  // An error: the runtime cannot watch the listening descriptor.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Create(SocketDriver* driver, ListenerId listener,
                                                          Listener socket);
  ~Acceptor() override;

  void SetAccepting(bool on);
  // Accepts no more and gives the address up.
  void Close();
  void OnReady(bool readable, bool writable) override;
  void OnTime(Instant now) override;

 private:
  Acceptor(SocketDriver* driver, ListenerId listener, Listener socket);
  void Pause();

  SocketDriver& driver_;
  const ListenerId listener_;
  std::optional<Listener> socket_;
  std::unique_ptr<Watch> watch_;
  bool accepting_ = true;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_ACCEPTOR_H_
