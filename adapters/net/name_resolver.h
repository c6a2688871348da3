#ifndef MONOCOQUE_ADAPTERS_NET_NAME_RESOLVER_H_
#define MONOCOQUE_ADAPTERS_NET_NAME_RESOLVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/net/reactor.h"
#include "adapters/waker.h"

namespace monocoque::net {

// The addresses of a host that is a name; may block. What it throws is an answer, too: why not.
using ResolveFunction = std::function<absl::StatusOr<std::vector<Address>>(const std::string& host,
                                                                           std::uint16_t port)>;

// Looks names up on a helper thread, for a runtime that cannot do so without blocking. The thread
// is begun with the first name and takes no signals. A lookup under way at the end is left to end
// by itself: it touches nothing of the runtime.
//
// Thread rule: the runtime's thread.
class NameResolver {
 public:
  // Makes what is called on the helper thread when there is something to deliver; null: there is
  // nothing to be had for it now.
  using MakeWaker = std::function<std::shared_ptr<Waker>()>;

  // `resolve` may be empty: the system's resolver. `make_waker` is called for the first name, and
  // again for the next one as long as it gives null.
  NameResolver(ResolveFunction resolve, MakeWaker make_waker);
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;
  ~NameResolver();

  // `found` is called by Deliver, unless the lookup is destroyed before. An error: no thread or
  // descriptor can be had for it.
  absl::StatusOr<std::unique_ptr<Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                  Reactor::Found found);
  // Who asked for what was found since hears of it.
  void Deliver();

 private:
  struct Question;
  class Asker;
  // What both threads share; lives as long as either.
  struct Shared;

  static absl::StatusOr<std::vector<Address>> Ask(const ResolveFunction& resolve,
                                                  const Question& question);
  static void Work(const std::shared_ptr<Shared>& shared);
  bool Start();

  const std::shared_ptr<Shared> shared_;
  const MakeWaker make_waker_;
  std::thread thread_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_NAME_RESOLVER_H_
