#ifndef MONOCOQUE_ADAPTERS_ASIO_NAME_LOOKUP_H_
#define MONOCOQUE_ADAPTERS_ASIO_NAME_LOOKUP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/net/reactor.h"

namespace monocoque::asio::detail {

class SocketState;

// A name that Asio's resolver looks up, on the thread that Asio has for that.
class NameLookup final : public net::Lookup {
 public:
  NameLookup(SocketState* socket, const std::string& host, std::uint16_t port,
             net::Reactor::Found found);
  ~NameLookup() override;

 private:
  // What Asio's handler shares: it may come after the lookup is gone.
  struct Inner;

  const std::shared_ptr<Inner> inner_;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_NAME_LOOKUP_H_
