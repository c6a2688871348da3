// What is modelled: one connection, its host and a peer that sends anything. Four octets choose
// socket type, options, limits and memory, the next part is the script; the rest is what the peer
// sends, if wished behind a good greeting and READY. The script says, in any order: how the octets
// come (donated, in pieces of one block, in windows that may be held), what the application does
// (Receive, Send, subscriptions, Fail, Close), how far writes get and how they fail, where the
// clock goes, when memory is short. In the end all that can still happen does.
//
// What must hold: the end's status stays; messages are those of a plain reading of the stream, all
// that were whole when the transport ended and none behind the end; what is written reads strictly,
// each accepted message once and in order, and what was not begun comes back after the end; memory
// keeps to its budget and all of it comes back; the read hint and the windows agree; every drain
// loop ends, and the clock finds nothing due twice.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "fuzz/driven_connection.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/require.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/options.h"
#include "protocol/drive/host.h"
#include "protocol/drive/mark.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"

namespace {

using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::Connection;
using monocoque::ConnectionOptions;
using monocoque::Host;
using monocoque::Limits;
using monocoque::Mark;
using monocoque::SocketType;
using monocoque::fuzz::DrivenConnection;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;
using monocoque::fuzz::Step;

constexpr std::size_t kTypes = 20;

// What the first four octets choose.
struct Choices {
  explicit Choices(Input* input)
      : type(static_cast<SocketType>(input->Octet() % kTypes)),
        peer(input->Octet()),
        rules(input->Octet()),
        host(input->Octet()) {}

  bool greeted() const { return (peer & 1) != 0; }
  std::uint8_t minor() const { return (peer & 2) != 0 ? 0 : 1; }
  bool peer_has_identity() const { return (peer & 4) != 0; }
  bool has_identity() const { return (peer & 8) != 0; }
  bool heartbeats() const { return (peer & 16) != 0; }
  bool close_first() const { return (peer & 32) != 0; }
  bool modern_only() const { return (peer & 64) != 0; }
  std::int64_t budget_bytes() const;
  Limits limits() const;

  SocketType type;
  std::uint8_t peer;
  std::uint8_t rules;
  std::uint8_t host;
};

std::int64_t Choices::budget_bytes() const {
  constexpr std::array<std::int64_t, 8> kBudgets = {Budget::kUnlimited,
                                                    Budget::kUnlimited,
                                                    Budget::kUnlimited,
                                                    Budget::kUnlimited,
                                                    0,
                                                    monocoque::fuzz::kSlabBytes,
                                                    3 * monocoque::fuzz::kSlabBytes,
                                                    100'000};
  return kBudgets[host % kBudgets.size()];
}

Limits Choices::limits() const {
  Limits limits;
  limits.max_frame_bytes = (rules & 1) != 0 ? 300 : 200'000;
  if ((rules & 2) != 0) limits.max_message_bytes = 400;
  if ((rules & 4) != 0) limits.max_parts = 3;
  // The least there are.
  if ((rules & 8) != 0) limits.max_command_bytes = type == SocketType::kRadio ? 271 : 32;
  return limits;
}

ConnectionOptions OptionsFrom(const Choices& choices) {
  constexpr std::array<Mark, 4> kReceiveMarks = {Mark{}, Mark{.messages = 1},
                                                 Mark{.messages = 3, .bytes = 0},
                                                 Mark{.messages = 0, .bytes = 99}};
  constexpr std::array<Mark, 4> kSendMarks = {Mark{}, Mark{.messages = 1},
                                              Mark{.messages = 3, .bytes = 0},
                                              Mark{.messages = 0, .bytes = 99}};
  ConnectionOptions options;
  options.socket_type = choices.type;
  if (choices.has_identity()) options.routing_id = "us";
  options.limits = choices.limits();
  options.receive_mark = kReceiveMarks[choices.rules >> 4 & 3];
  options.send_mark = kSendMarks[choices.rules >> 6];
  if ((choices.host & 8) != 0) options.handshake_timeout = absl::ZeroDuration();
  options.serve_zmtp_1 = options.serve_zmtp_2 = !choices.modern_only();
  if (choices.heartbeats()) {
    options.heartbeat.interval = absl::Milliseconds(1 + (choices.host >> 4) * 100);
    if ((choices.host & 16) != 0) options.heartbeat.timeout = absl::Milliseconds(350);
    if ((choices.host & 32) != 0) options.heartbeat.ttl = absl::Hours(1);
  }
  return options;
}

// A good greeting and a READY that fits; made once for each kind of peer.
const std::string& GoodPeer(SocketType ours, std::uint8_t minor, bool identity) {
  static auto* const made = new std::array<std::string, kTypes * 4>;
  std::string& octets =
      (*made)[static_cast<std::size_t>(ours) * 4 + minor * 2 + (identity ? 1 : 0)];
  for (std::size_t i = 0; i < kTypes && octets.empty(); ++i) {
    const auto theirs = static_cast<SocketType>(i);
    if (!monocoque::Compatible(ours, theirs)) continue;
    octets = monocoque::testing::PeerGreeting(3, minor) +
             monocoque::testing::PeerReady(SocketTypeName(theirs), identity ? "them" : "");
  }
  return octets;
}

void Run(const Choices& choices, Input script, Input stream, const BudgetPtr& budget,
         DrivenConnection::Memory* memory) {
  // Octets without frames: stream_fuzzer's.
  if (choices.type == SocketType::kStream) return;
  const ConnectionOptions options = OptionsFrom(choices);
  const Host host = monocoque::fuzz::RunHost(budget);
  absl::StatusOr<std::unique_ptr<Connection>> made = Connection::Create(options, host);
  if (!made.ok()) {
    return Require(budget->limit() != Budget::kUnlimited,
                   "good options and memory make a connection");
  }
  DrivenConnection connection(*std::move(made), options, budget, host.now, memory);
  if (choices.greeted()) {
    connection.Feed(
        monocoque::AsBytes(GoodPeer(choices.type, choices.minor(), choices.peer_has_identity())));
  }
  while (!script.empty()) connection.Do(Step(script.Octet()), &stream);
  connection.Finish(&stream, choices.close_first());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* const memory = new DrivenConnection::Memory;
  Input input(Bytes(data, size));
  const Choices choices(&input);
  const Input script = input.Part();
  const BudgetPtr budget = Budget::Create(choices.budget_bytes());
  Run(choices, script, Input(input.Take(input.size())), budget, memory);
  memory->sent.clear();
  memory->received.clear();
  memory->fed.clear();
  Require(budget->used() == 0, "all memory comes back");
  return 0;
}
