// How a message holds its octets: what docs/adr/0003 rests on. A receiver's work
// alone: octets at rest in a block become a message, and the message is looked at and dropped.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "benchmark/benchmark.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/message.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::size_t kMessages = 2000;

// Where message `i` of `size` octets lies, with room behind it.
std::size_t At(std::size_t i, std::size_t size) { return i * (size + 2) % (kBlockBytes - 8192); }

template <typename Make>
void Receive(benchmark::State& state, Make make) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const BlockPtr block = Block::Allocate(kBlockBytes, nullptr);
  BlockLease lease{BlockPtr(block)};
  Message message;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kMessages; ++i) {
      make(&message, &lease, block->data() + At(i, size), size);
      std::uint8_t first = message.bytes().front();
      benchmark::DoNotOptimize(first);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessages));
}

// Inside, by moves of a fixed size.
void InlineFixed(benchmark::State& state) {
  Receive(state, [](Message* m, BlockLease*, const std::uint8_t* data, std::size_t size) {
    m->SetInlineBody(data, size, Message::kInlineBytes);
  });
}
// Inside, by a copy of just the octets there are.
void InlineExact(benchmark::State& state) {
  Receive(state, [](Message* m, BlockLease*, const std::uint8_t* data, std::size_t size) {
    m->SetInlineBody(data, size, size);
  });
}
// A reference, taken in bulk.
void Shared(benchmark::State& state) {
  Receive(state, [](Message* m, BlockLease* lease, const std::uint8_t* data, std::size_t size) {
    m->SetSharedBody(Slice(BlockPtr(lease->Take()), data, size));
  });
}

// Three parts, in wire form: an id of five octets, an empty one, a body.
std::string ThreeParts(std::size_t body) {
  std::string octets;
  const auto add = [&octets](std::uint8_t flags, std::size_t size) {
    std::uint8_t header[frame::kLongHeaderBytes];
    octets.append(AsText(Bytes(header, EncodeFrameHeader(flags, size, header))));
    octets.append(size, 'x');
  };
  add(frame::kMore, 5);
  add(frame::kMore, 0);
  add(0, body);
  return octets;
}

// Kept as received, and walked for the parts.
void PartsInWireForm(benchmark::State& state) {
  const std::string wire = ThreeParts(static_cast<std::size_t>(state.range(0)));
  const BlockPtr block = Block::Allocate(kBlockBytes, nullptr);
  std::copy(wire.begin(), wire.end(), block->data());
  BlockLease lease{BlockPtr(block)};
  Message message;
  for (auto _ : state) {
    message.SetWireParts(Slice(BlockPtr(lease.Take()), block->data(), wire.size()));
    std::size_t octets = 0;
    for (std::size_t i = 0; i < 3; ++i) octets += message[i].size();
    benchmark::DoNotOptimize(octets);
  }
  state.SetItemsProcessed(state.iterations());
}

// A list of slices, made when the message comes.
void PartsInAList(benchmark::State& state) {
  const std::string wire = ThreeParts(static_cast<std::size_t>(state.range(0)));
  const BlockPtr block = Block::Allocate(kBlockBytes, nullptr);
  std::copy(wire.begin(), wire.end(), block->data());
  BlockLease lease{BlockPtr(block)};
  for (auto _ : state) {
    std::vector<Slice> parts;
    FrameHeader header;
    std::size_t at = 0;
    do {
      ParseFrameHeader(Bytes(block->data(), wire.size()).subspan(at), &header);
      at += header.header_bytes;
      const auto size = static_cast<std::size_t>(header.body_bytes);
      parts.emplace_back(BlockPtr(lease.Take()), block->data() + at, size);
      at += size;
    } while (header.more());
    std::size_t octets = 0;
    for (const Slice& part : parts) octets += part.size();
    benchmark::DoNotOptimize(octets);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(InlineFixed)->Arg(8)->Arg(33)->Arg(64)->Arg(80);
BENCHMARK(InlineExact)->Arg(8)->Arg(33)->Arg(64)->Arg(80);
BENCHMARK(Shared)->Arg(8)->Arg(33)->Arg(64)->Arg(80)->Arg(256);
BENCHMARK(PartsInWireForm)->Arg(16)->Arg(64)->Arg(1024);
BENCHMARK(PartsInAList)->Arg(16)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace monocoque::bench
