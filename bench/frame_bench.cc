// The frame reader and the frame writer alone, and the plain walk over headers that they are held
// against. Times are per message.
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "alloc/budget.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "bench/frames.h"
#include "benchmark/benchmark.h"
#include "protocol/connection/reader.h"
#include "protocol/connection/writer.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kBlockBytes = 256 * 1024;

void CountMessages(benchmark::State& state, std::size_t messages, std::size_t body_bytes) {
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.SetBytesProcessed(static_cast<std::int64_t>(messages * body_bytes));
}

void WalkOverHeaders(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  std::size_t octets = 0, messages = 0;
  const BlockPtr block = FramesBlock(kBlockBytes, body, &octets);
  for (auto _ : state) {
    messages += WalkHeaders({block->data(), octets}).messages;
    benchmark::DoNotOptimize(messages);
    benchmark::ClobberMemory();
  }
  CountMessages(state, messages, body);
}

void ReadFrames(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  std::size_t octets = 0, messages = 0;
  const BlockPtr block = FramesBlock(kBlockBytes, body, &octets);
  Reader reader{Limits(), BudgetPtr()};
  Message message;
  for (auto _ : state) {
    reader.input().Append(Slice(block, block->data(), octets));
    while (reader.Next(&message) == Reader::Result::kMessage) {
      benchmark::DoNotOptimize(message);
      ++messages;
    }
  }
  CountMessages(state, messages, body);
}

void WriteFrames(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  std::size_t messages = 0;
  Writer writer{SlabPool::Create(), BudgetPtr()};
  const Message message{std::string(body, 'x')};
  TransmitBatch batch;
  for (auto _ : state) {
    while (writer.unfilled_bytes() < 512 * 1024) {
      if (!writer.Append(message, {})) state.SkipWithError("memory was refused");
      ++messages;
    }
    batch = writer.TakeSpare();
    writer.Fill(&batch, writer.unfilled_bytes());
    const std::size_t written = batch.remaining();
    writer.Return(std::move(batch), written);
  }
  CountMessages(state, messages, body);
}

BENCHMARK(WalkOverHeaders)->Arg(8)->Arg(64)->Arg(256)->Arg(1024)->Arg(16384);
BENCHMARK(ReadFrames)->Arg(8)->Arg(64)->Arg(256)->Arg(1024)->Arg(16384);
BENCHMARK(WriteFrames)->Arg(8)->Arg(64)->Arg(256)->Arg(1024)->Arg(16384);

}  // namespace
}  // namespace monocoque::bench
