#ifndef MONOCOQUE_ADAPTERS_URING_OPTIONS_H_
#define MONOCOQUE_ADAPTERS_URING_OPTIONS_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "adapters/inproc.h"
#include "adapters/net/name_resolver.h"
#include "alloc/budget.h"
#include "alloc/slab_pool.h"

namespace monocoque::uring {

// How links receive, best first.
enum class ReadMethod {
  kIncremental,  // multishot, 256 KiB buffers used up piece by piece (kernel 6.12 on)
  kBundle,       // multishot, several 64 KiB buffers in one completion (6.10 on)
  kOneShot,      // wait until readable, then read into a window
};

using net::ResolveFunction;

struct LoopOptions {
  // Requests that one system call can hand over; 1 to 32768.
  unsigned entries = 1024;
  // Before a wait blocks, the loop looks for completions for so long, yielding the processor, if
  // the last wait was short, and no longer than it may wait. Zero: never. Longer: less latency,
  // more processor.
  absl::Duration spin = absl::Microseconds(50);
  // The best method to use; a kernel that lacks it gets the next.
  ReadMethod best_read_method = ReadMethod::kIncremental;
  // Slabs for what is sent, and for reading into windows.
  SlabPoolOptions pool;
  // A write of so many octets or more is sent without copying it into the kernel (6.2 on; tcp), 0:
  // none is. Its memory stays in use, and charged to its budget, until the peer has acknowledged
  // it: for peers that are trusted to read. From 16 KiB on it can pay; 64 KiB is a good choice. A
  // link on which the kernel copies all the same, as over loopback, goes back to plain writes.
  std::size_t zero_copy_send = 0;
  // Asked for names in place of the system's resolver, on the loop's helper thread.
  ResolveFunction resolve;
  // Octets of all blocks of all sockets together, at least 1. With a limit, here or in a socket's
  // options, links are read into windows, one at a time, not into provided buffers, which are
  // nobody's.
  std::int64_t budget_bytes = Budget::kUnlimited;
  // A ring of the host's that both share; null: one of its own (`entries` long). It outlives the
  // loop, and both are used by one thread. The loop's turns hand over what the host has queued,
  // too. Not with IORING_SETUP_IOPOLL or IORING_SETUP_CQE32.
  io_uring* ring = nullptr;
  // Completions of the host's own requests, which the loop comes upon: called in their order, at
  // the end of a turn, with user code's freedom. Needed with `ring`. What the host takes off the
  // ring by itself it offers to Loop::Give first.
  std::function<void(const io_uring_cqe& completion)> on_host_completion;
  // Upper 16 bits of user_data in all requests of the loop on a shared ring; in none of the host's.
  std::uint16_t user_data_tag = 0x6d71;
  // The group of provided buffers that the loop registers on a shared ring, which nobody else uses.
  std::uint16_t buffer_group = 0x6d71;
  // The names of inproc:// endpoints; not null.
  std::shared_ptr<InprocHub> inproc_hub = InprocHub::OfProcess();
};

// Counts since the loop was made.
struct LoopStats {
  std::uint64_t turns = 0;
  std::uint64_t waits = 0;              // that went to sleep
  std::uint64_t spins = 0;              // waits that ended while looking
  std::uint64_t writes = 0;             // batches that were sent
  std::uint64_t zero_copy_writes = 0;   // requests to send without a copy
  std::uint64_t zero_copy_copied = 0;   // of those, by the kernel's word, copied all the same
  std::uint64_t reads_incremental = 0;  // completions with octets, by method
  std::uint64_t reads_bundle = 0;
  std::uint64_t reads_one_shot = 0;
  std::uint64_t reads_direct = 0;  // the rest of a large frame, into its own block
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_OPTIONS_H_
