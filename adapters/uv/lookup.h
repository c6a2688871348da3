#ifndef MONOCOQUE_ADAPTERS_UV_LOOKUP_H_
#define MONOCOQUE_ADAPTERS_UV_LOOKUP_H_

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "adapters/net/reactor.h"

namespace monocoque::uv {

// A name that libuv looks up on its own threads. One under way in the system's resolver cannot be
// stopped: destroying this lets it run out unheard, and the loop ends no earlier than it does.
class Lookup final : public net::Lookup {
 public:
  // An error: libuv would not even ask.
  static absl::StatusOr<std::unique_ptr<net::Lookup>> Start(uv_loop_t* loop,
                                                            const std::string& host,
                                                            std::uint16_t port,
                                                            net::Reactor::Found found);
  ~Lookup() override;

 private:
  struct Request;

  Lookup(const std::string& host, std::uint16_t port, net::Reactor::Found found)
      : host_(host), port_(port), found_(std::move(found)) {}
  static void OnAnswer(uv_getaddrinfo_t* self, int status, addrinfo* list);

  const std::string host_;
  const std::uint16_t port_;
  net::Reactor::Found found_;
  Request* request_ = nullptr;  // freed by its callback, which always comes
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_LOOKUP_H_
