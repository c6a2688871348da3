// Slabs from the pool or from the heap: what docs/adr/0002 rests on. Each block is written to once
// per 4 KiB, as a read into it would.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "alloc/block.h"
#include "alloc/slab_pool.h"
#include "benchmark/benchmark.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kPage = 4096;

void Touch(Block* block) {
  for (std::size_t at = 0; at < block->capacity(); at += kPage) block->data()[at] = 1;
  benchmark::DoNotOptimize(block->data());
}

// As many blocks out at once as a write of slabs takes, all back before the next.
void TakeAndGiveBack(benchmark::State& state, bool pooling) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const std::shared_ptr<SlabPool> pool = SlabPool::Create({.pooling = pooling});
  std::vector<BlockPtr> out;
  const std::size_t count = 8;
  out.reserve(count);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(pool->AcquireAtLeast(bytes, nullptr));
      Touch(out.back().get());
    }
    out.clear();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

void Pooled(benchmark::State& state) { TakeAndGiveBack(state, true); }
void FromTheHeap(benchmark::State& state) { TakeAndGiveBack(state, false); }

BENCHMARK(Pooled)->Arg(2048)->Arg(16 * 1024)->Arg(64 * 1024);
BENCHMARK(FromTheHeap)->Arg(2048)->Arg(16 * 1024)->Arg(64 * 1024);

}  // namespace
}  // namespace monocoque::bench
