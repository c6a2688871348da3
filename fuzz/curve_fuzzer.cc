// What is modelled: a CURVE client or server and a peer with real keys that means harm. The peer is
// a connection of ours whose boxes hold what a script makes of them (tampering_crypto.h), and
// between the two a wire that passes, flips, cuts, repeats, holds back or swaps what it carries.
//
// What must hold: while only the wire was bad, each part that arrives was sent so, in order, and
// comes once (V-7 lets a sender leave nonces out, so that a box may be lost unseen); a server lets
// in only who the authenticator accepted, asked at most once, about the key the client has proven;
// nothing arrives before the handshake is over; over a good wire all does; all memory comes back.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/parcels.h"
#include "fuzz/pieces.h"
#include "fuzz/require.h"
#include "fuzz/tampering_crypto.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/event.h"
#include "protocol/connection/options.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::AuthStatus;
using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::Connection;
using monocoque::ConnectionEvent;
using monocoque::ConnectionOptions;
using monocoque::Crypto;
using monocoque::Host;
using monocoque::Instant;
using monocoque::Message;
using monocoque::Poll;
using monocoque::Slice;
using monocoque::SocketType;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;
using monocoque::fuzz::TamperingCrypto;
using monocoque::testing::TestCurveClient;
using monocoque::testing::TestCurveServer;

// Times octets go from one to the other; each is a step of the wire's script.
constexpr int kTurns = 24;

// What the first octet chooses.
struct Choices {
  explicit Choices(std::uint8_t octet)
      : server((octet & 1) != 0),
        asks((octet & 2) != 0),
        accepts((octet & 4) != 0),
        publishes((octet & 8) != 0) {}
  bool server;     // the side that is judged
  bool asks;       // the server asks about keys
  bool accepts;    // and the key is welcome
  bool publishes;  // PUB and SUB: subscriptions are commands in boxes
};

// One side and what its application saw.
class Side {
 public:
  Side(const Choices& choices, bool server, std::shared_ptr<const Crypto> crypto, const Host& host)
      : server_(server), choices_(choices) {
    ConnectionOptions options;
    options.socket_type = !choices.publishes ? SocketType::kDealer
                          : server           ? SocketType::kXPub
                                             : SocketType::kXSub;
    if (server) {
      monocoque::CurveServer mechanism = TestCurveServer(!choices.asks);
      mechanism.crypto = std::move(crypto);
      options.mechanism = std::move(mechanism);
    } else {
      monocoque::CurveClient mechanism = TestCurveClient();
      mechanism.crypto = std::move(crypto);
      options.mechanism = std::move(mechanism);
    }
    auto made = Connection::Create(options, host);
    Require(made.ok(), "good options make a connection");
    connection_ = *std::move(made);
  }

  // Sends what its script says; messages are numbered, so that no two are alike.
  void Act(Input* script, Instant now) {
    if (!ready_ || script->empty()) return;
    const unsigned kind = script->Octet();
    if (kind % 16 == 15 && choices_.publishes && !server_) {
      const Bytes prefix = script->Take(9);
      if (connection_->SendSubscription(kind < 128, prefix, now).ok()) {
        subscriptions_.emplace_back(kind < 128, AsText(prefix));
      }
      return;
    }
    Message message = monocoque::fuzz::GetParcel(kind % 14, sent_.size()).whole;
    Message copy = message;
    if (connection_->Send(&copy, now).ok()) sent_.push_back(std::move(message));
  }

  void Feed(Bytes octets, Instant now) {
    if (octets.empty() || connection_->done()) return;
    (void)connection_->Donate(monocoque::fuzz::InOwnBlock(octets), now);
  }

  void Drain(Instant now) {
    (void)connection_->Process(1000, now);
    ConnectionEvent event;
    for (Poll poll = Poll::kEvent; poll != Poll::kNeedData;) {
      while (connection_->NextEvent(&event)) OnEvent(event, now);
      Message message;
      poll = connection_->Receive(&message, now);
      if (poll != Poll::kMessage) continue;
      Require(ready_, "no message before the handshake is over");
      received_.push_back(std::move(message));
    }
  }

  std::string Output(Instant now) { return monocoque::testing::TakeOutput(connection_.get(), now); }
  void End(Instant now) {
    connection_->OnTransportClosed(absl::OkStatus(), now);
    Drain(now);
    Require(connection_->done(), "the transport's end is the end");
  }

  bool ready() const { return ready_; }
  const std::vector<Message>& sent() const { return sent_; }
  const std::vector<Message>& received() const { return received_; }
  // Those that it sent, or was told of.
  const std::vector<std::pair<bool, std::string>>& subscriptions() const { return subscriptions_; }

 private:
  void OnEvent(const ConnectionEvent& event, Instant now) {
    if (event.kind == ConnectionEvent::Kind::kAuthenticate) {
      Require(server_ && choices_.asks && !asked_, "a server that asks does so once");
      asked_ = true;
      Require(event.auth->client_key == AsText(TestCurveClient().keys.public_key),
              "the authenticator is asked about the key that the client owns");
      connection_->Authorize(
          {.status = choices_.accepts ? AuthStatus::kAccepted : AuthStatus::kRefused}, now);
    } else if (event.kind == ConnectionEvent::Kind::kReady) {
      Require(!server_ || !choices_.asks || (asked_ && choices_.accepts),
              "only who was accepted is let in");
      ready_ = true;
    } else if (event.kind == ConnectionEvent::Kind::kSubscribe ||
               event.kind == ConnectionEvent::Kind::kUnsubscribe) {
      Require(server_ && choices_.publishes && ready_, "a publisher hears of it, in traffic");
      subscriptions_.emplace_back(event.kind == ConnectionEvent::Kind::kSubscribe,
                                  event.data.text());
    }
  }

  const bool server_;
  const Choices choices_;
  std::unique_ptr<Connection> connection_;
  std::vector<Message> sent_;
  std::vector<Message> received_;
  std::vector<std::pair<bool, std::string>> subscriptions_;
  bool ready_ = false;
  bool asked_ = false;
};

// What one direction carries, and does to it.
class Wire {
 public:
  // The octets that arrive for those that were sent.
  std::string Pass(std::string octets, Input* script) {
    const std::uint8_t what = script->Octet();
    good_ = good_ && (what & 7) == 0;
    const std::size_t at = octets.empty() ? 0 : script->Octet() % octets.size();
    switch (what & 7) {
      case 1:
        if (!octets.empty()) octets[at] = static_cast<char>(octets[at] ^ (1 << (what >> 5)));
        break;
      case 2:
        octets.resize(at);
        break;
      case 3:
        octets += last_;
        break;
      case 4:
        held_ += std::exchange(octets, {});
        return {};
      case 5:
        octets += std::exchange(held_, {});
        break;
      case 6:
        octets.erase(0, at);
        break;
      case 7:
        octets.insert(at, AsText(script->Take(what >> 3)));
        break;
      default:
        octets = std::exchange(held_, {}) + octets;
        break;
    }
    last_ = octets;
    return octets;
  }

  // It passed everything as it was.
  bool good() const { return good_; }

 private:
  bool good_ = true;
  std::string held_;
  std::string last_;
};

std::vector<std::string> PartsOf(const std::vector<Message>& messages) {
  std::vector<std::string> parts;
  for (const Message& message : messages) {
    for (const Slice& part : message) parts.emplace_back(part.text());
  }
  return parts;
}

// All parts of `received` are in `sent`, in this order, with gaps or without.
bool InOrder(const std::vector<Message>& received, const std::vector<Message>& sent) {
  const std::vector<std::string> all = PartsOf(sent);
  auto at = all.begin();
  for (const std::string& part : PartsOf(received)) {
    at = std::find(at, all.end(), part);
    if (at == all.end()) return false;
    ++at;
  }
  return true;
}

void RunBoth(const Choices& choices, const Host& host, Input tampering, Input wires,
             std::array<Input, 2> scripts) {
  const auto tampered =
      std::make_shared<TamperingCrypto>(monocoque::testing::TestCrypto(), tampering);
  Side judged(choices, choices.server, monocoque::testing::TestCrypto(), host);
  Side peer(choices, !choices.server, tampered, host);
  Wire to_judged;
  Wire to_peer;
  for (int turn = 0; turn < kTurns; ++turn) {
    judged.Act(&scripts[0], host.now);
    peer.Act(&scripts[1], host.now);
    judged.Feed(AsBytes(to_judged.Pass(peer.Output(host.now), &wires)), host.now);
    peer.Feed(AsBytes(to_peer.Pass(judged.Output(host.now), &wires)), host.now);
    judged.Drain(host.now);
    peer.Drain(host.now);
  }
  judged.End(host.now);
  peer.End(host.now);
  // What the peer's boxes hold is its affair; a wire alone can only make away with whole ones.
  Require(InOrder(peer.received(), judged.sent()), "the peer gets what was sent, in order");
  Require(tampered->tampered() || InOrder(judged.received(), peer.sent()),
          "each part that arrives was sent so, in order, and comes once");
  if (tampered->tampered() || !to_judged.good() || !to_peer.good()) return;
  const bool welcome = !choices.asks || choices.accepts;
  Require(judged.ready() == welcome && peer.ready() == welcome,
          "over a good wire the two come together, if the server will");
  Require(judged.subscriptions() == peer.subscriptions(), "over a good wire all are heard of");
  Require(PartsOf(judged.received()) == PartsOf(peer.sent()), "over a good wire all arrives");
  Require(PartsOf(peer.received()) == PartsOf(judged.sent()), "over a good wire all arrives");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  const Choices choices(input.Octet());
  const Input tampering = input.Part();
  const std::array<Input, 2> scripts = {input.Part(31), input.Part(31)};
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  RunBoth(choices, monocoque::fuzz::RunHost(budget), tampering, Input(input.Take(input.size())),
          scripts);
  Require(budget->used() == 0, "all memory comes back");
  return 0;
}
