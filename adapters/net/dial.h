#ifndef MONOCOQUE_ADAPTERS_NET_DIAL_H_
#define MONOCOQUE_ADAPTERS_NET_DIAL_H_

#include <memory>

#include "adapters/net/dial_steps.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "protocol/drive/action.h"
#include "protocol/drive/ids.h"

namespace monocoque::net {

class SocketDriver;

// One attempt to connect, on a reactor. Destroying it cancels it.
//
// It tells the driver how it ended, once, and never from within Start.
class Dial final : public WatchHandler, public Timed {
 public:
  Dial(SocketDriver* driver, const action::Dial& dial);
  ~Dial() override;

  void Start();
  void OnReady(bool readable, bool writable) override;
  // It took too long, or what was known at once is told now.
  void OnTime(Instant now) override;

 private:
  void Go(DialSteps::Next next);
  void Resolve();
  int Connect();
  void Await(bool readable, bool writable);
  // Is it known by now what came of connecting?
  bool Stands() const;

  SocketDriver& driver_;
  const LinkId link_;
  DialSteps steps_;
  DialSteps::Next next_ = DialSteps::Next::kResolve;
  std::unique_ptr<Lookup> lookup_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_DIAL_H_
