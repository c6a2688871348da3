#ifndef MONOCOQUE_ADAPTERS_UV_LOOKUP_H_
#define MONOCOQUE_ADAPTERS_UV_LOOKUP_H_

#include <uv.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "adapters/net/reactor.h"
#include "adapters/uv/handle.h"

namespace monocoque::uv {

// A name that libuv looks up on its own threads. One under way in the system's resolver cannot be
// stopped: destroying this lets it run out unheard, and the loop ends no earlier than it does.
class Lookup final : public net::Lookup {
 public:
  Lookup(uv_loop_t* loop, const std::string& host, std::uint16_t port, net::Reactor::Found found);
  ~Lookup() override;

 private:
  struct Request;

  static void OnAnswer(uv_getaddrinfo_t* self, int status, addrinfo* list);
  static void OnRefused(uv_timer_t* timer);
  absl::Status Failed(int error) const;

  const std::string host_;
  const std::uint16_t port_;
  net::Reactor::Found found_;
  Request* request_ = nullptr;  // freed by its callback, which always comes
  // If libuv would not even ask: says so later.
  int refused_ = 0;
  Handle<uv_timer_t> later_;
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_LOOKUP_H_
