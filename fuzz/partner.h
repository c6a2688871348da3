#ifndef MONOCOQUE_FUZZ_PARTNER_H_
#define MONOCOQUE_FUZZ_PARTNER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "fuzz/stamped.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::fuzz {

// A whole socket on the other side, with an application that takes what comes, judges it, and
// answers if its type asks for that. Its driver is honest and does everything at once.
class Partner {
 public:
  // What its driver asks of the world; each is done before it returns.
  struct Far {
    // It dials: true if it was accepted, and then linked as `link`.
    std::function<bool(LinkId link)> dial;
    // Octets for the far end of `link`; false if there is none.
    std::function<bool(LinkId link, Bytes octets)> deliver;
    // `link` is closed on this side.
    std::function<void(LinkId link)> close;
  };

  // `name` marks its messages; `other` is the type of who sends to it. It wants all of them.
  Partner(char name, SocketType type, SocketType other, const SocketOptions& options,
          const Host& host);

  Socket& socket() { return socket_; }
  void Listen(const Endpoint& endpoint, Instant now);
  // A link to whoever dialed it; none if it does not listen.
  LinkId Accept(Instant now);
  // Sends one message if its type may, then does all that can be done.
  void Turn(bool sends, unsigned kind, const Far& far, Instant now);

 private:
  bool Drain(const Far& far, Instant now);
  void Take(unsigned kind, Instant now);
  void Send(Message message, Instant now);
  // Sends only what answers a message.
  bool answers() const;

  const char name_;
  Socket socket_;
  ListenerId listener_;
  std::uint32_t sent_ = 0;
  Arrivals arrivals_;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_PARTNER_H_
