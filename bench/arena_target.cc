// One side of a benchmark of two processes, chosen by flags, so that outside harnesses can drive
// the library. It uses the library as any user would.
//
//   arena_target --role pub|sub --kind throughput|latency|pubsub|fanout|fanin --transport tcp|ipc
//                --endpoint EP --payload-bytes N --messages N --warmup N --peers N --variant uring
//                [--bind] [--duration-secs S] [--knob key=value]...
//   arena_target describe
//
// Throughput: `pub` is PUSH, connects, sends warm-up and then messages, lingers and ends; `sub` is
// PULL, binds, reads the warm-up, times `messages` and prints THROUGHPUT count seconds (with no
// warm-up the time begins with the first message). Latency: `pub` is REQ, connects and prints
// LATENCY count min p50 p90 p99 p999 max in nanoseconds; `sub` is REP, binds and echoes until
// killed. Kinds of many peers: --bind says who binds, the producer (PUSH; pubsub: PUB) sends until
// killed, the consumer (PULL; SUB of everything) counts for --duration-secs from its first message
// on and prints THROUGHPUT count seconds. Knobs: spin, `off` or in microseconds; others are
// ignored. `--flag value` and
// `--flag=value` are alike.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "protocol/version.h"

namespace {

using monocoque::Message;
using monocoque::SocketType;
using monocoque::uring::Loop;
using monocoque::uring::LoopOptions;
using monocoque::uring::Socket;

struct Flags {
  std::string role, kind, endpoint, transport = "tcp", variant = "uring";
  std::uint64_t payload_bytes = 64, messages = 1000000, warmup = 0, peers = 1;
  double duration_secs = 2;
  bool bind = false;
  std::map<std::string, std::string, std::less<>> knobs;
};

[[noreturn]] void Die(std::string_view why) {
  std::fprintf(stderr, "arena_target: %.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(2);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Die(status.message());
}

std::uint64_t Number(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) Die(absl::StrCat(name, " wants a number, not ", text));
  return value;
}

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
  if (flags.role != "pub" && flags.role != "sub") Die("--role must be pub or sub");
  if (flags.transport != "tcp" && flags.transport != "ipc") Die("--transport must be tcp or ipc");
  if (flags.variant != "uring")
    Die(absl::StrCat("--variant ", flags.variant, " is not built yet; use uring"));
  if (flags.endpoint.empty()) Die("--endpoint is missing");
  if (flags.messages == 0) Die("--messages must not be 0");
  if (!absl::StrContains(flags.endpoint, "://")) {
    flags.endpoint = absl::StrCat(flags.transport, "://", flags.endpoint);
  }
  return flags;
}

LoopOptions OptionsOf(const Flags& flags) {
  LoopOptions options;
  if (const auto spin = flags.knobs.find("spin"); spin != flags.knobs.end()) {
    options.spin =
        spin->second == "off"
            ? absl::ZeroDuration()
            : absl::Microseconds(static_cast<std::int64_t>(Number("spin", spin->second)));
  }
  return options;
}

void Join(Socket* socket, const Flags& flags, bool bind) {
  Check(bind ? socket->Bind(flags.endpoint).status() : socket->Connect(flags.endpoint));
}

Message Take(Socket* socket) {
  Message message;
  Check(socket->Receive(&message));
  return message;
}

void PrintThroughput(std::uint64_t count, absl::Duration took) {
  std::printf("THROUGHPUT %llu %.9f\n", static_cast<unsigned long long>(count),
              absl::ToDoubleSeconds(took));
}

void Throughput(Loop* loop, const Flags& flags) {
  if (flags.role == "pub") {
    Socket push = loop->MakeSocket(SocketType::kPush);
    Join(&push, flags, false);
    const std::string payload(flags.payload_bytes, 'x');
    for (std::uint64_t i = 0; i < flags.warmup + flags.messages; ++i) Check(push.Send(payload));
    Check(push.Close(absl::Seconds(60)));
    return;
  }
  Socket pull = loop->MakeSocket(SocketType::kPull);
  Join(&pull, flags, true);
  Message message;
  for (std::uint64_t i = 0; i < flags.warmup; ++i) Check(pull.Receive(&message));
  std::uint64_t count = flags.messages;
  if (flags.warmup == 0) {
    Check(pull.Receive(&message));
    --count;
  }
  const absl::Time begin = absl::Now();
  for (; count > 0; --count) Check(pull.Receive(&message));
  PrintThroughput(flags.messages, absl::Now() - begin);
}

void Latency(Loop* loop, const Flags& flags) {
  if (flags.role == "sub") {
    Socket rep = loop->MakeSocket(SocketType::kRep);
    Join(&rep, flags, true);
    for (;;) {
      Message request = Take(&rep);
      Check(rep.Send(&request));
    }
  }
  Socket req = loop->MakeSocket(SocketType::kReq);
  Join(&req, flags, false);
  const std::string payload(flags.payload_bytes, 'x');
  std::vector<std::int64_t> trips;
  trips.reserve(flags.messages);
  for (std::uint64_t i = 0; i < flags.warmup + flags.messages; ++i) {
    const absl::Time begin = absl::Now();
    Check(req.Send(payload));
    Take(&req);
    if (i >= flags.warmup) trips.push_back(absl::ToInt64Nanoseconds(absl::Now() - begin));
  }
  std::sort(trips.begin(), trips.end());
  auto at = [&](double part) {
    return static_cast<long long>(
        trips[static_cast<std::size_t>(part * static_cast<double>(trips.size() - 1))]);
  };
  std::printf("LATENCY %zu %lld %lld %lld %lld %lld %lld\n", trips.size(), at(0), at(.5), at(.9),
              at(.99), at(.999), at(1));
}

void ManyPeers(Loop* loop, const Flags& flags) {
  const bool pubsub = flags.kind == "pubsub";
  if (flags.role == "pub") {
    Socket push = loop->MakeSocket(pubsub ? SocketType::kPub : SocketType::kPush);
    Join(&push, flags, flags.bind);
    if (flags.bind) Check(push.WaitReady(flags.peers));
    const std::string payload(flags.payload_bytes, 'x');
    for (;;) Check(push.Send(payload));
  }
  Socket pull = loop->MakeSocket(pubsub ? SocketType::kSub : SocketType::kPull);
  if (pubsub) Check(pull.Subscribe(""));
  Join(&pull, flags, flags.bind);
  Message message = Take(&pull);
  const absl::Time begin = absl::Now();
  const absl::Time end = begin + absl::Seconds(flags.duration_secs);
  std::uint64_t count = 0;
  absl::Time now = begin;
  while (now < end) {
    // The clock is read once for many messages.
    for (int i = 0; i < 1024 && pull.Receive(&message, end - now).ok(); ++i) ++count;
    now = absl::Now();
  }
  PrintThroughput(count, now - begin);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "describe") {
    std::printf(
        "{\"engine\":\"monocoque\",\"lib_version\":\"%s\",\"language\":\"C++20\","
        "\"concurrency\":\"one loop\",\"threading\":\"single thread\",\"io\":\"io_uring\"}\n",
        std::string(monocoque::kVersion).c_str());
    return 0;
  }
  const Flags flags = Parse(argc, argv);
  Loop loop(OptionsOf(flags));
  Check(loop.status());
  if (flags.kind == "throughput")
    Throughput(&loop, flags);
  else if (flags.kind == "latency")
    Latency(&loop, flags);
  else if (flags.kind == "fanout" || flags.kind == "fanin" || flags.kind == "pubsub")
    ManyPeers(&loop, flags);
  else
    Die("--kind must be throughput, latency, pubsub, fanout or fanin");
  return 0;
}
