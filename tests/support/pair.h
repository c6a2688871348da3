#ifndef MONOCOQUE_TESTS_SUPPORT_PAIR_H_
#define MONOCOQUE_TESTS_SUPPORT_PAIR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/slab_pool.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/entropy.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "tests/support/hex.h"  // IWYU pragma: export

namespace monocoque::testing {

// Octets from a seed: the same in each run.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}
  void Fill(MutableBytes out) override;

 private:
  std::uint64_t state_;
};

// A host for tests: its own pool, seeded entropy, a clock that begins at one second.
Host TestHost(std::uint64_t seed = 1, const SlabPoolOptions& pool = {});

// One connection and what it gave so far.
struct End {
  std::unique_ptr<Connection> connection;
  std::vector<Message> received;
  std::vector<ConnectionEvent> events;

  // Texts of the parts of each message received: "a|b".
  std::vector<std::string> texts() const;
  bool saw(ConnectionEvent::Kind kind) const;
};

// Two connections joined by two streams of octets, and a clock that stands unless it is moved. No
// socket, no thread: a scenario in ten lines.
class Pair {
 public:
  Pair(const ConnectionOptions& a, const ConnectionOptions& b, const Host& host = TestHost());
  Pair(SocketType a, SocketType b);

  // Moves octets both ways and drains both ends until nothing moves any more.
  void Run();
  // The same after the clock went on.
  void Advance(absl::Duration by);
  // Octets are passed in pieces of this size from now on; 0: as they come.
  void CutInto(std::size_t bytes) { piece_ = bytes; }
  // Nothing passes any more, and nobody is told.
  void Silence() { silent_ = true; }

  End a, b;
  Instant now;

 private:
  bool Pump(End* from, End* to);
  void Drain(End* end);

  std::size_t piece_ = 0;
  bool silent_ = false;
};

// The octets a connection wants to write now, all of it, written.
std::string TakeOutput(Connection* connection, Instant now);
// Gives octets to a connection, in a block of their own.
void Feed(Connection* connection, std::string_view octets, Instant now);

// One that is up: its peer's greeting and READY came, and what it said to them is thrown away.
std::unique_ptr<Connection> Up(SocketType ours, std::string_view theirs, const Host& host,
                               std::uint8_t minor = 1, ConnectionOptions options = {});

// The greeting of a 3.1 peer with NULL, and its READY.
std::string PeerGreeting(std::uint8_t major = 3, std::uint8_t minor = 1,
                         std::string_view mechanism = "NULL");
std::string PeerReady(std::string_view socket_type, std::string_view identity = "");

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_PAIR_H_
