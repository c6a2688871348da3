#ifndef MONOCOQUE_ADAPTERS_URING_RESOLVER_H_
#define MONOCOQUE_ADAPTERS_URING_RESOLVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/uring/options.h"

namespace monocoque::uring {

class Dial;
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

  // `dial` hears of it in OnResolved, on the loop's thread; at once if there can be no answer.
  void Resolve(const std::string& host, std::uint16_t port, Dial* dial);
  // The dials whose names were found hear of it.
  void Deliver();
  // Ends the thread, and gives every question still open an error.
  void Stop();

 private:
  struct Question;
  struct Answer;
  // What the thread and the loop share; lives as long as either.
  struct Shared;

  static void Work(const std::shared_ptr<Shared>& shared);
  bool Start();

  const std::shared_ptr<Shared> shared_;
  absl::flat_hash_map<std::uint64_t, Dial*> open_;
  std::uint64_t next_ = 1;
  std::thread thread_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_RESOLVER_H_
