#ifndef MONOCOQUE_FUZZ_HOSTING_H_
#define MONOCOQUE_FUZZ_HOSTING_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "alloc/budget.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "tests/support/pair.h"

namespace monocoque::fuzz {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MONOCOQUE_FUZZ_ASAN 1
#endif
#endif

// Slabs with just room for what the writer copies in one piece: a long envelope and a body.
inline constexpr std::size_t kSlabBytes = 5 * 1024;

// One pool for all runs, so that a run costs no large allocation. Under AddressSanitizer it does
// not pool, so that each life of each slab is seen.
inline const std::shared_ptr<SlabPool>& RunPool() {
#ifdef MONOCOQUE_FUZZ_ASAN
  constexpr bool kPooling = false;
#else
  constexpr bool kPooling = true;
#endif
  static const auto* const pool = new std::shared_ptr<SlabPool>(
      SlabPool::Create({.slab_bytes = kSlabBytes, .max_idle_slabs = 256, .pooling = kPooling}));
  return *pool;
}

// A host for one run.
inline Host RunHost(const BudgetPtr& budget) {
  Host host;
  host.pool = RunPool();
  host.budget = budget;
  host.entropy = std::make_shared<testing::SeededEntropy>(1);
  host.now = Instant::FromNanoseconds(1'000'000'000);
  return host;
}

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_HOSTING_H_
