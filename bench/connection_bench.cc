// A Connection in traffic, with no kernel: decoding what a peer sent, held against a plain walk
// over the same headers in the same run, and a pair of them with octets carried from one to the
// other.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "bench/frames.h"
#include "benchmark/benchmark.h"
#include "protocol/connection/connection.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"

namespace monocoque::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kBlockBytes = 256 * 1024;

std::size_t Drain(Connection* connection, Instant now) {
  Message message;
  std::size_t messages = 0;
  while (connection->Receive(&message, now) == Poll::kMessage) {
    benchmark::DoNotOptimize(message);
    ++messages;
  }
  return messages;
}

// `walks`: what a message costs here, in plain walks over its header.
void Decode(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  testing::Pair pair(SocketType::kPush, SocketType::kPull);
  pair.Run();
  std::size_t octets = 0, messages = 0, walked = 0;
  const BlockPtr block = FramesBlock(kBlockBytes, body, &octets);
  Seconds walking{0}, decoding{0};
  for (auto _ : state) {
    const auto begin = Clock::now();
    walked += WalkHeaders({block->data(), octets}).messages;
    benchmark::DoNotOptimize(walked);
    benchmark::ClobberMemory();
    const auto middle = Clock::now();
    if (!pair.b.connection->Donate(Slice(block, block->data(), octets), pair.now).ok()) {
      state.SkipWithError("the connection takes nothing");
      break;
    }
    messages += Drain(pair.b.connection.get(), pair.now);
    const auto end = Clock::now();
    walking += middle - begin;
    decoding += end - middle;
    state.SetIterationTime(Seconds(end - middle).count());
  }
  if (messages != walked) state.SkipWithError("messages were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["walks"] = decoding / walking;
}

// Sends until 512 KiB wait, carries them over in the way an adapter would, receives.
void Stream(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  testing::Pair pair(SocketType::kPush, SocketType::kPull);
  pair.Run();
  Connection& from = *pair.a.connection;
  Connection& to = *pair.b.connection;
  const std::string text(body, 'x');
  std::size_t sent = 0, messages = 0;
  std::vector<Bytes> spans;
  for (auto _ : state) {
    while (from.unsent_bytes() < 512 * 1024) {
      Message message{std::string_view(text)};
      if (!from.Send(&message, pair.now).ok()) break;
      ++sent;
    }
    TransmitBatch batch;
    while (from.FillTransmit(&batch, 512 * 1024)) {
      spans.resize(batch.slices());
      batch.Spans(spans);
      const std::size_t total = batch.remaining();
      for (Bytes span : spans) {
        while (!span.empty()) {
          auto window = to.PrepareRead();
          if (!window.ok()) {
            state.SkipWithError("the connection reads nothing");
            return;
          }
          const std::size_t count = std::min(span.size(), window->span().size());
          std::memcpy(window->span().data(), span.data(), count);
          span = span.subspan(count);
          to.CommitRead(*std::move(window), count, pair.now);
          messages += Drain(&to, pair.now);
        }
      }
      from.ReturnBatch(std::move(batch), total, absl::OkStatus(), pair.now);
    }
  }
  if (messages != sent) state.SkipWithError("messages were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.SetBytesProcessed(static_cast<std::int64_t>(messages * body));
}

BENCHMARK(Decode)->Arg(8)->Arg(64)->Arg(256)->Arg(1024)->UseManualTime();
BENCHMARK(Stream)->Arg(8)->Arg(64)->Arg(256)->Arg(1024)->Arg(16384)->Arg(1 << 20);

}  // namespace
}  // namespace monocoque::bench
