#ifndef MONOCOQUE_BENCH_ARENA_H_
#define MONOCOQUE_BENCH_ARENA_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace monocoque::arena {

// What the command line of arena_target asks for.
struct Flags {
  std::string role, kind, endpoint, transport = "tcp", variant = "uring";
  std::uint64_t payload_bytes = 64, messages = 1000000, warmup = 0, peers = 1;
  double duration_secs = 2;
  bool bind = false;
  std::map<std::string, std::string, std::less<>> knobs;
};

// One side of a run, its whole life, on one adapter; the kind is one of those there are.
void RunUring(const Flags& flags);
void RunUv(const Flags& flags);
void RunAsio(const Flags& flags);

// Kinds of many peers.
inline bool Publishes(const Flags& flags) { return flags.kind == "pubsub"; }

[[noreturn]] void Die(std::string_view why);
void Check(const absl::Status& status);
std::uint64_t Number(std::string_view name, std::string_view text);

// The result lines; trips in nanoseconds.
void PrintThroughput(std::uint64_t count, absl::Duration took);
void PrintLatency(std::vector<std::int64_t> trips);

}  // namespace monocoque::arena

#endif  // MONOCOQUE_BENCH_ARENA_H_
