#ifndef MONOCOQUE_ADAPTERS_NET_DIAL_H_
#define MONOCOQUE_ADAPTERS_NET_DIAL_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"

namespace monocoque::net {

class SocketDriver;

// One attempt to connect: the addresses of an endpoint in turn. Destroying it cancels it.
//
// It tells the driver how it ended, once, and never from within Start.
class Dial final : public WatchHandler, public Timed {
 public:
  Dial(SocketDriver* driver, LinkId link, const Endpoint& endpoint);
  ~Dial() override;

  // Looks the name up if it must, then tries.
  void Start();
  void OnReady(bool readable, bool writable) override;
  // What was known at once is told now.
  void OnTime(Instant now) override;

 private:
  void OnResolved(absl::StatusOr<std::vector<Address>> found);
  void TryNext(absl::Status last);
  absl::Status Try(const Address& address);
  void Later(absl::Status outcome);
  void Drop();
  void Finish(const absl::Status& outcome);

  SocketDriver& driver_;
  const LinkId link_;
  const Endpoint endpoint_;
  std::unique_ptr<Lookup> lookup_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;
  int fd_ = -1;
  std::unique_ptr<Watch> watch_;
  absl::Status outcome_;  // told when the timer is due
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_DIAL_H_
