// What is modelled: a whole socket between two partners, which are honest sockets of a type that
// fits, and peers that send anything. Three octets choose type and options, the next part is the
// script; the rest is what the hostile peers send, in the order in which they are let. The script
// says what the application wishes (Bind, Connect, Unbind, Disconnect, Subscribe, Join, Send,
// SendTo, Peek, Receive, Close) and what the driver tells: dials that succeed or fail, octets,
// writes that are cut or fail, transports that end, the clock, and facts about links that are gone.
// In the end the socket closes.
//
// What must hold: what a partner or the socket receives from the other is whole, in order and comes
// once, whatever is cut and dialed anew; a link is closed once and nothing is told of it
// afterwards; one may send exactly if a peer can take it; every drain loop ends, nothing stays due,
// closing ends within the linger time; and all memory comes back.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/require.h"
#include "fuzz/socket_world.h"
#include "protocol/drive/host.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace {

using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::RoutingIdClash;
using monocoque::SocketOptions;
using monocoque::SocketType;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;
using monocoque::fuzz::SocketWorld;
using monocoque::fuzz::Step;

// The subject's type and the partners', which must show each other all parts of their messages.
std::pair<SocketType, SocketType> TypesFrom(std::uint8_t octet) {
  using enum SocketType;
  constexpr std::array<std::pair<SocketType, SocketType>, 20> kTypes = {
      {{kPush, kPull},      {kPull, kPush},      {kDealer, kDealer}, {kRouter, kDealer},
       {kPair, kPair},      {kReq, kRep},        {kRep, kReq},       {kDealer, kRouter},
       {kPub, kSub},        {kXPub, kXSub},      {kSub, kPub},       {kXSub, kXPub},
       {kRadio, kDish},     {kDish, kRadio},     {kServer, kClient}, {kClient, kServer},
       {kScatter, kGather}, {kGather, kScatter}, {kPeer, kPeer},     {kChannel, kChannel}}};
  return kTypes[octet % kTypes.size()];
}

SocketOptions OptionsFrom(SocketType type, std::uint8_t rules, std::uint8_t links) {
  using enum SocketType;
  SocketOptions options;
  if ((rules & 1) != 0) options.routing_id = "subject";
  if ((rules & 2) != 0) options.send_mark = {.messages = 2, .bytes = 0};
  if ((rules & 4) != 0) options.receive_mark = {.messages = 2, .bytes = 300};
  if ((rules & 8) != 0) options.budget_bytes = 4 * monocoque::fuzz::kSlabBytes;
  options.router_mandatory = type == kRouter && (rules & 16) != 0;
  if (type == kRouter && (rules & 32) != 0) {
    options.router_id_clash = RoutingIdClash::kHandOver;
  }
  const bool publishes = type == kPub || type == kXPub || type == kRadio;
  options.xpub_nodrop = publishes && (rules & 16) != 0;
  options.xpub_verboser = type == kXPub && (rules & 32) != 0;
  const bool may_conflate =
      type == kPub || type == kSub || type == kPush || type == kPull || type == kDealer;
  options.conflate = may_conflate && !options.xpub_nodrop && (rules & 64) != 0;
  if ((links & 1) != 0) options.link.heartbeat.interval = absl::Milliseconds(300);
  if ((links & 2) != 0) options.link.handshake_timeout = absl::ZeroDuration();
  if ((links & 4) != 0) options.link.reconnect = {absl::Milliseconds(1), absl::Milliseconds(2)};
  if ((links & 8) != 0) options.link.limits.max_frame_bytes = 300;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  const auto [type, partner] = TypesFrom(input.Octet());
  const std::uint8_t rules = input.Octet();
  const std::uint8_t links = input.Octet();
  Input script = input.Part();
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  {
    SocketWorld world(type, partner, OptionsFrom(type, rules, links),
                      monocoque::fuzz::RunHost(budget));
    while (!script.empty()) world.Do(Step(script.Octet()), &input);
    if ((links & 16) == 0)
      world.Finish((links & 32) == 0 ? absl::Seconds(2) : absl::ZeroDuration());
  }
  Require(budget->used() == 0, "all memory comes back");
  return 0;
}
