// One side of a benchmark of two processes, or both in one, chosen by flags, so that outside
// harnesses can drive the library. It uses the library as any user would.
//
//   arena_target --role pub|sub|both --kind throughput|latency|pubsub|fanout|fanin
//                --transport tcp|ipc|inproc --endpoint EP --payload-bytes N --messages N --warmup N
//                --peers N --variant uring|uv|asio [--bind] [--duration-secs S]
//                [--knob key=value]...
//   arena_target describe
//
// Throughput: `pub` is PUSH, connects, sends warm-up and then messages, lingers and ends; `sub` is
// PULL, binds, reads the warm-up, times `messages` and prints THROUGHPUT count seconds (with no
// warm-up the time begins with the first message). Latency: `pub` is REQ, connects and prints
// LATENCY count min p50 p90 p99 p999 max in nanoseconds; `sub` is REP, binds and echoes until
// killed. Kinds of many peers: --bind says who binds, the producer (PUSH; pubsub: PUB) sends until
// killed, the consumer (PULL; SUB of everything) counts for --duration-secs from its first message
// on and prints THROUGHPUT count seconds.
//
// Both, which inproc needs: one process is `pub` and `sub`, each on a thread and a loop of its own;
// fanin has --peers of the former, pubsub and fanout of the latter, and whoever is alone binds. The
// lines are the same, one for each thread that measures; once all are printed the process ends.
//
// Knobs: spin (uring), `off` or in microseconds; others are ignored. `--flag value` and
// `--flag=value` are alike.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/arena.h"
#include "protocol/version.h"

namespace monocoque::arena {

void Die(std::string_view why) {
  std::fprintf(stderr, "arena_target: %.*s\n", static_cast<int>(why.size()), why.data());
  // Other threads may be at work.
  std::_Exit(2);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Die(status.message());
}

std::uint64_t Number(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) Die(absl::StrCat(name, " wants a number, not ", text));
  return value;
}

void PrintThroughput(std::uint64_t count, absl::Duration took) {
  std::printf("THROUGHPUT %llu %.9f\n", static_cast<unsigned long long>(count),
              absl::ToDoubleSeconds(took));
}

void PrintLatency(std::vector<std::int64_t> trips) {
  std::sort(trips.begin(), trips.end());
  auto at = [&](double part) {
    return static_cast<long long>(
        trips[static_cast<std::size_t>(part * static_cast<double>(trips.size() - 1))]);
  };
  std::printf("LATENCY %zu %lld %lld %lld %lld %lld %lld\n", trips.size(), at(0), at(.5), at(.9),
              at(.99), at(.999), at(1));
}

namespace {

void SetKnob(Flags* flags, const std::string& value) {
  const std::size_t equals = value.find('=');
  if (equals == std::string::npos) Die("--knob wants key=value");
  flags->knobs[value.substr(0, equals)] = value.substr(equals + 1);
}

void Set(Flags* flags, const std::string& name, const std::string& value) {
  const std::map<std::string_view, std::string*> texts = {{"role", &flags->role},
                                                          {"kind", &flags->kind},
                                                          {"endpoint", &flags->endpoint},
                                                          {"transport", &flags->transport},
                                                          {"variant", &flags->variant}};
  const std::map<std::string_view, std::uint64_t*> numbers = {
      {"payload-bytes", &flags->payload_bytes},
      {"messages", &flags->messages},
      {"warmup", &flags->warmup},
      {"peers", &flags->peers}};
  if (const auto text = texts.find(name); text != texts.end()) {
    *text->second = value;
  } else if (const auto number = numbers.find(name); number != numbers.end()) {
    *number->second = Number(name, value);
  } else if (name == "duration-secs") {
    if (!absl::SimpleAtod(value, &flags->duration_secs)) Die("--duration-secs wants a number");
  } else if (name == "knob") {
    SetKnob(flags, value);
  } else if (name == "bind") {
    if (!absl::SimpleAtob(value, &flags->bind)) Die("--bind is a flag: nothing, true or false");
  } else {
    Die(absl::StrCat("unknown flag --", name));
  }
}

Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (!absl::StartsWith(name, "--")) Die(absl::StrCat("unexpected word ", name));
    name = name.substr(2);
    if (const std::size_t equals = name.find('='); equals != std::string::npos) {
      Set(&flags, name.substr(0, equals), name.substr(equals + 1));
    } else if (name == "bind") {
      flags.bind = true;
    } else if (i + 1 < argc) {
      Set(&flags, name, argv[++i]);
    } else {
      Die(absl::StrCat("--", name, " wants a value"));
    }
  }
  if (flags.role != "pub" && flags.role != "sub" && flags.role != "both") {
    Die("--role must be pub, sub or both");
  }
  if (flags.transport != "tcp" && flags.transport != "ipc" && flags.transport != "inproc") {
    Die("--transport must be tcp, ipc or inproc");
  }
  const std::string_view kinds[] = {"throughput", "latency", "pubsub", "fanout", "fanin"};
  if (std::ranges::find(kinds, flags.kind) == std::end(kinds)) {
    Die("--kind must be throughput, latency, pubsub, fanout or fanin");
  }
  if (flags.endpoint.empty()) Die("--endpoint is missing");
  if (flags.messages == 0) Die("--messages must not be 0");
  if (flags.peers == 0) Die("--peers must not be 0");
  if (!absl::StrContains(flags.endpoint, "://")) {
    flags.endpoint = absl::StrCat(flags.transport, "://", flags.endpoint);
  }
  if (absl::StartsWith(flags.endpoint, "inproc:") && flags.role != "both") {
    Die("inproc reaches only sockets of one process; use --role both");
  }
  return flags;
}

struct Variant {
  std::string_view name;
  void (*run)(const Flags& flags);
};

constexpr Variant kVariants[] = {{"uring", RunUring}, {"uv", RunUv}, {"asio", RunAsio}};

// Both sides, until those that measure have printed what they measured.
[[noreturn]] void RunBoth(const Variant& variant, const Flags& flags) {
  const std::string_view measures = flags.kind == "latency" ? "pub" : "sub";
  const std::string_view many = flags.kind == "fanin"                              ? "pub"
                                : flags.kind == "fanout" || flags.kind == "pubsub" ? "sub"
                                                                                   : "";
  std::vector<std::thread> threads;
  for (const std::string_view role : {"sub", "pub"}) {
    Flags its = flags;
    its.role = role;
    its.bind = role != many;
    for (std::uint64_t i = 0; i < (role == many ? flags.peers : 1); ++i) {
      std::thread thread([run = variant.run, its] { run(its); });
      if (role == measures) {
        threads.push_back(std::move(thread));
      } else {
        thread.detach();
      }
    }
  }
  for (std::thread& thread : threads) thread.join();
  std::fflush(stdout);
  // The others know no end.
  std::_Exit(0);
}

void Run(const Flags& flags) {
  for (const Variant& variant : kVariants) {
    if (variant.name != flags.variant) continue;
    if (flags.role == "both") RunBoth(variant, flags);
    return variant.run(flags);
  }
  Die(absl::StrCat("there is no --variant ", flags.variant, "; there are uring, uv and asio"));
}

}  // namespace
}  // namespace monocoque::arena

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "describe") {
    std::printf(
        "{\"engine\":\"monocoque\",\"lib_version\":\"%s\",\"language\":\"C++20\","
        "\"concurrency\":\"one loop\",\"threading\":\"single thread\",\"io\":\"io_uring; libuv or "
        "Boost.Asio by --variant\"}\n",
        std::string(monocoque::kVersion).c_str());
    return 0;
  }
  monocoque::arena::Run(monocoque::arena::Parse(argc, argv));
  return 0;
}
