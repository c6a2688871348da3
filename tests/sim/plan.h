#ifndef MONOCOQUE_TESTS_SIM_PLAN_H_
#define MONOCOQUE_TESTS_SIM_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/sim/options.h"
#include "adapters/sim/random.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::testing {

// What two groups of sockets do with each other.
enum class Play {
  kStream,   // the left send, the right receive
  kBoth,     // all send and receive
  kAsk,      // the left ask, the right answer; one question at a time
  kAskMany,  // the left ask without waiting
  kNames,    // all send to names
  kPublish,  // the left publish, the right subscribe and change their minds
  kOctets,   // all send and receive octets, and find their messages in them
};

struct Pairing {
  std::string_view name;
  SocketType left;
  SocketType right;
  Play play;
};

inline constexpr std::array<Pairing, 19> kPairings = {{
    {"PushPull", SocketType::kPush, SocketType::kPull, Play::kStream},
    {"PairPair", SocketType::kPair, SocketType::kPair, Play::kBoth},
    {"ReqRep", SocketType::kReq, SocketType::kRep, Play::kAsk},
    {"ReqRouter", SocketType::kReq, SocketType::kRouter, Play::kAsk},
    {"DealerRep", SocketType::kDealer, SocketType::kRep, Play::kAskMany},
    {"DealerRouter", SocketType::kDealer, SocketType::kRouter, Play::kAskMany},
    {"DealerDealer", SocketType::kDealer, SocketType::kDealer, Play::kBoth},
    {"RouterRouter", SocketType::kRouter, SocketType::kRouter, Play::kNames},
    {"PubSub", SocketType::kPub, SocketType::kSub, Play::kPublish},
    {"XPubSub", SocketType::kXPub, SocketType::kSub, Play::kPublish},
    {"PubXSub", SocketType::kPub, SocketType::kXSub, Play::kPublish},
    {"XPubXSub", SocketType::kXPub, SocketType::kXSub, Play::kPublish},
    {"StreamOfLarge", SocketType::kPush, SocketType::kPull, Play::kStream},
    {"ClientServer", SocketType::kClient, SocketType::kServer, Play::kAskMany},
    {"RadioDish", SocketType::kRadio, SocketType::kDish, Play::kPublish},
    {"ScatterGather", SocketType::kScatter, SocketType::kGather, Play::kStream},
    {"PeerPeer", SocketType::kPeer, SocketType::kPeer, Play::kAskMany},
    {"ChannelChannel", SocketType::kChannel, SocketType::kChannel, Play::kBoth},
    {"StreamStream", SocketType::kStream, SocketType::kStream, Play::kOctets},
}};

// How one socket behaves.
struct ActorPlan {
  SocketType type = SocketType::kPair;
  bool binds = false;
  SocketOptions options;
  // Sending: so many messages, in bursts, at random times of this mean distance.
  std::size_t messages = 0;
  std::size_t burst = 1;
  absl::Duration pause;
  // Receiving: at once, or every so often some of what is there.
  absl::Duration look = absl::ZeroDuration();
  std::size_t take = 1;
};

// Something that is done to the sockets at a time.
struct Mishap {
  enum class Kind {
    kCut,
    kCutAfterBytes,
    kPartition,
    kSlow,  // a long way and a thin line between the two
    kFreeze,
    kClose,
    kRestart,     // closed, and another comes back in its place
    kUnbind,      // whoever listens does so no more, with its links, until it binds again
    kDisconnect,  // whoever dials the other does so no more, until it connects again
  };
  Kind kind = Kind::kCut;
  absl::Duration at;
  // kClose, kRestart: the linger time, or none. kRestart, kUnbind, kDisconnect: and until it comes
  // back.
  absl::Duration lasts;
  std::size_t actor = 0;
  std::size_t other = 0;
  std::uint64_t bytes = 0;
};

// Everything about a run that is drawn from its seed.
struct Plan {
  static Plan FromSeed(std::uint64_t seed);

  const Pairing* pairing = nullptr;
  sim::SimulationOptions world;
  std::vector<ActorPlan> actors;  // the left, then the right
  std::size_t left = 0;
  std::vector<Mishap> mishaps;
  absl::Duration lasts;           // until all becomes calm
  std::size_t largest = 0;        // octets of a message's parts
  bool ends_with_linger = false;  // the senders close with something left to send
  std::size_t last_cuts = 0;      // and so many times links are cut before, and while, they do
  bool bounded = false;           // memory is: each socket has a budget of its own
  // CURVE; the left are its servers, or the right; somebody decides whom they let in, and takes
  // time.
  bool curve = false;
  bool left_serves = false;
  bool asks = false;

  // Without mishaps and faults: nothing may be lost.
  bool harmless() const;
  bool has(Mishap::Kind kind) const;
  // One line.
  std::string ToString() const;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_PLAN_H_
