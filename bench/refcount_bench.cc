// How to count references: an atomic operation for each slice, or in bulk. What docs/adr/0001 rests
// on.
#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "alloc/slice.h"
#include "benchmark/benchmark.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kSlices = 4000;  // as many as a block of 256 KiB has frames of 64 octets

// Makes slices of one block and drops them on this thread.
void EachAtomic(benchmark::State& state) {
  const BlockPtr block = Block::Allocate(256 * 1024, nullptr);
  for (auto _ : state) {
    for (std::size_t i = 0; i < kSlices; ++i) {
      Slice slice(block, block->data() + i, 64);
      benchmark::DoNotOptimize(slice);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSlices));
}

void InBulk(benchmark::State& state) {
  const BlockPtr block = Block::Allocate(256 * 1024, nullptr);
  for (auto _ : state) {
    BlockLease lease{BlockPtr(block)};
    for (std::size_t i = 0; i < kSlices; ++i) {
      Slice slice(BlockPtr(lease.Take()), block->data() + i, 64);
      benchmark::DoNotOptimize(slice);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSlices));
}

// Makes slices here while another thread drops those of the round before.
template <typename Make>
void DroppedElsewhere(benchmark::State& state, Make make) {
  const BlockPtr block = Block::Allocate(256 * 1024, nullptr);
  std::vector<Slice> full, empty;
  full.reserve(kSlices);
  empty.reserve(kSlices);
  std::atomic<std::vector<Slice>*> handed{nullptr};
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      if (std::vector<Slice>* slices = handed.load(std::memory_order_acquire)) {
        slices->clear();
        handed.store(nullptr, std::memory_order_release);
      }
    }
  });
  for (auto _ : state) {
    make(block, &full);
    while (handed.load(std::memory_order_acquire) != nullptr) {
    }
    std::swap(full, empty);
    handed.store(&empty, std::memory_order_release);
  }
  while (handed.load(std::memory_order_acquire) != nullptr) {
  }
  stop = true;
  other.join();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSlices));
}

void EachAtomicDroppedElsewhere(benchmark::State& state) {
  DroppedElsewhere(state, [](const BlockPtr& block, std::vector<Slice>* out) {
    for (std::size_t i = 0; i < kSlices; ++i) out->emplace_back(block, block->data() + i, 64);
  });
}

void InBulkDroppedElsewhere(benchmark::State& state) {
  DroppedElsewhere(state, [](const BlockPtr& block, std::vector<Slice>* out) {
    BlockLease lease{BlockPtr(block)};
    for (std::size_t i = 0; i < kSlices; ++i) {
      out->emplace_back(BlockPtr(lease.Take()), block->data() + i, 64);
    }
  });
}

BENCHMARK(EachAtomic);
BENCHMARK(InBulk);
BENCHMARK(EachAtomicDroppedElsewhere)->UseRealTime();
BENCHMARK(InBulkDroppedElsewhere)->UseRealTime();

}  // namespace
}  // namespace monocoque::bench
