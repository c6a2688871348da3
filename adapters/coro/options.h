#ifndef MONOCOQUE_ADAPTERS_CORO_OPTIONS_H_
#define MONOCOQUE_ADAPTERS_CORO_OPTIONS_H_

#include <cstdint>
#include <memory>

#include "adapters/inproc.h"
#include "adapters/net/name_resolver.h"
#include "alloc/budget.h"
#include "alloc/slab_pool.h"

namespace monocoque::coro {

// What every loop can be told; runtimes have more.
struct LoopOptions {
  // Slabs for what is sent, and for reading into windows.
  SlabPoolOptions pool;
  // Octets of all blocks of all sockets together; at least 1.
  std::int64_t budget_bytes = Budget::kUnlimited;
  // Asked for names in place of the system's resolver, on the loop's helper thread.
  net::ResolveFunction resolve;
  // The names of inproc:// endpoints; not null.
  std::shared_ptr<InprocHub> inproc_hub = InprocHub::OfProcess();
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_OPTIONS_H_
