#ifndef MONOCOQUE_ADAPTERS_NET_DIAL_STEPS_H_
#define MONOCOQUE_ADAPTERS_NET_DIAL_STEPS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "adapters/net/socks5.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {

// One attempt to connect, apart from the waiting, which is the runtime's: the addresses of an
// endpoint in turn, and a proxy between. Start and each fact say what is to be done next, by whom
// is told of it, with the fact behind it.
//
// The descriptor may be closed by a fact: who watches it ends that before.
class DialSteps {
 public:
  enum class Next {
    kResolve,  // look host() up: OnResolved
    kConnect,  // connect fd() to address(): OnConnected. From now on within patience(): OnTimeout
    kRead,     // wait until fd() can be read: OnReady
    kWrite,    // or written: OnReady
    kDone,     // take the descriptor
    kFailed,   // status() says why
  };

  explicit DialSteps(const action::Dial& dial);
  ~DialSteps();
  DialSteps(const DialSteps&) = delete;
  DialSteps& operator=(const DialSteps&) = delete;

  Next Start();
  Next OnResolved(absl::StatusOr<std::vector<Address>> found);
  // `error`: 0, it stands; else an errno.
  Next OnConnected(int error);
  Next OnReady();
  Next OnTimeout();
  // The runtime cannot go on.
  Next GiveUp(absl::Status why);

  const std::string& host() const { return hop_.host; }
  std::uint16_t port() const { return hop_.port; }
  int fd() const { return fd_; }
  const Address& address() const { return addresses_[next_ - 1]; }
  // Infinite: as long as it takes.
  absl::Duration patience() const;
  const absl::Status& status() const { return status_; }
  // What is known of the connection, whose descriptor is the caller's from then on.
  TransportInfo Take(int* fd);

 private:
  Next Adopt();
  Next TryNext();
  // The last address said no: the next one, if there is one.
  Next Refused(absl::Status why);
  Next Talk();
  absl::Status TalkedOut(int error) const;
  absl::Status Sentence(const absl::Status& why) const;
  void Drop();

  const std::shared_ptr<const Endpoint> endpoint_;
  const std::shared_ptr<const TransportOptions> options_;
  const std::uint32_t attempt_;
  const bool by_proxy_;
  Endpoint hop_;  // whom we connect to: the endpoint, or the proxy
  std::optional<Socks5> proxy_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;
  int fd_ = -1;
  absl::Status status_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_DIAL_STEPS_H_
