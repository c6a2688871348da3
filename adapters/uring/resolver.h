#ifndef MONOCOQUE_ADAPTERS_URING_RESOLVER_H_
#define MONOCOQUE_ADAPTERS_URING_RESOLVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "adapters/net/reactor.h"
#include "adapters/uring/options.h"

namespace monocoque::uring {

class Loop;

// Looks names up on one helper thread, because the system's resolver blocks; it wakes the loop by
// its mailbox. Made when the first name is dialed. The thread takes no signals. A
// lookup under way when the loop ends is left to end by itself: it touches nothing of the loop.
class Resolver {
 public:
  // `resolve` may be empty: the system's resolver.
  Resolver(Loop* loop, ResolveFunction resolve);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // `found` is called by Deliver, unless the lookup is destroyed before. An error: no thread or
  // descriptor can be had for it.
  absl::StatusOr<std::unique_ptr<net::Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                       net::Reactor::Found found);
  // Who asked for what was found since hears of it.
  void Deliver();

 private:
  struct Question;
  class Lookup;
  // What the thread and the loop share; lives as long as either.
  struct Shared;

  static void Work(const std::shared_ptr<Shared>& shared);
  bool Start();

  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_RESOLVER_H_
