#ifndef MONOCOQUE_ADAPTERS_SIM_OPTIONS_H_
#define MONOCOQUE_ADAPTERS_SIM_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"

namespace monocoque::sim {

// What goes wrong by chance between two sockets, and how their octets are cut. A share is from 0,
// never, to 1, always. By default nothing goes wrong: octets pass whole and at once.
struct Faults {
  // Dials refused although somebody listens.
  double refuse_dial = 0;
  // Dials that are not answered at all: the dialer's own deadline ends them.
  double ignore_dial = 0;
  // Accepts that fail, as for want of a descriptor. The transport waits and is accepted later.
  double fail_accept = 0;
  // Links that are cut: at a time up to `cut_within` after they stood, or when up to
  // `cut_within_bytes` octets went one way, in the middle of whatever they are.
  double cut = 0;
  absl::Duration cut_within = absl::Seconds(1);
  std::size_t cut_within_bytes = 16 * 1024;
  // Reads into windows of the socket, some held ready ahead; the others donate memory of ours.
  double read_by_window = 0;
  // A write takes, a read gives, up to so many octets, from one on, each time anew. 0: all there
  // are.
  std::size_t max_write_bytes = 0;
  std::size_t max_read_bytes = 0;
  // A read comes up to so much after its octets, and gives what came meanwhile too.
  absl::Duration read_delay = absl::ZeroDuration();
  // A batch comes back up to so much after its last octet was taken, or its link was gone.
  absl::Duration batch_delay = absl::ZeroDuration();
};

// How octets travel between two sockets, in both directions.
struct Path {
  // From the write to the read. Dialing takes it twice.
  absl::Duration latency = absl::ZeroDuration();
  // Up to so much more, for each piece anew. Order within a link is kept; links overtake each
  // other.
  absl::Duration jitter = absl::ZeroDuration();
  // 0: no limit.
  std::int64_t bytes_per_second = 0;
  // Octets of one direction that may be written and not yet read: then the writer waits.
  std::size_t window_bytes = 256 * 1024;
  Faults faults;
};

// Octets that a transport took from a socket. Sockets are counted in the order they were made, from
// 0.
struct TappedOctets {
  std::uint64_t link = 0;  // counted in the order they stood, from 1
  int from = 0;
  int to = 0;
  Bytes octets;  // valid during the call
};

struct SimulationOptions {
  // Everything that chance decides comes from here. Same seed, same program: the same run, to the
  // bit.
  std::uint64_t seed = 1;
  // The path between any two sockets, unless SetPath said otherwise.
  absl::Duration latency = absl::ZeroDuration();
  absl::Duration jitter = absl::ZeroDuration();
  std::int64_t bytes_per_second = 0;
  std::size_t window_bytes = 256 * 1024;
  Faults faults;
  // What is due at one instant happens in any order, in place of the order in which it came about.
  bool shuffle = false;
  // Timers of a socket run up to so much late.
  absl::Duration timer_delay = absl::ZeroDuration();
  // The memory of all sockets. Slabs below 8 KiB would not hold a message's head.
  SlabPoolOptions pool;
  // Octets that all sockets together may hold.
  std::int64_t budget_bytes = std::int64_t{1} << 40;
  // One line for each step, without its end: "   3.000000 ms client: dialed sim://a".
  std::function<void(std::string_view line)> trace;
  // Sees all octets that are written. Calls nothing of the simulation.
  std::function<void(const TappedOctets&)> tap;
};

// One link that stood, and what became of it.
struct LinkReport {
  std::uint64_t link = 0;  // as in TappedOctets
  int dialer = 0;          // socket numbers
  int acceptor = 0;
  Instant since;
  Instant until = Instant::Never();  // Never: it stands still
  bool cut = false;                  // it did not end by the will of its ends
  bool dialer_ready = false;         // the one finished its handshake
  bool acceptor_ready = false;       // so did the other
  // What the link is to each, once it knows it.
  LinkId dialer_link;
  LinkId acceptor_link;
  // Octets taken from the one, and given to the other while that had a link.
  std::uint64_t dialer_wrote = 0;
  std::uint64_t acceptor_read = 0;
  std::uint64_t acceptor_wrote = 0;
  std::uint64_t dialer_read = 0;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_OPTIONS_H_
