// What is modelled: two connections joined, each with an application that sends what a script says
// and takes what comes. Everything in between is a schedule: how many octets a batch holds, how it
// is written, in what pieces and by which way they reach the other side, when who sends, receives,
// looks ahead or drains its events, when the clock goes on. Two octets choose types and options,
// then come the script and two schedules. Where a schedule ends, everything goes on until nothing
// moves; then one side closes.
//
// What must hold: both schedules come to rest; with both the two sides see the same messages,
// events, peers and ends; the messages are those of the script.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/parcels.h"
#include "fuzz/pieces.h"
#include "fuzz/require.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/event.h"
#include "protocol/connection/options.h"
#include "protocol/connection/peer_info.h"
#include "protocol/drive/action.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::Connection;
using monocoque::ConnectionEvent;
using monocoque::ConnectionOptions;
using monocoque::ConnectionState;
using monocoque::Host;
using monocoque::Instant;
using monocoque::Message;
using monocoque::Poll;
using monocoque::ReadMode;
using monocoque::ReadWindow;
using monocoque::Slice;
using monocoque::SocketType;
using monocoque::TransmitBatch;
using monocoque::fuzz::Input;
using monocoque::fuzz::Parcel;
using monocoque::fuzz::Require;
using monocoque::fuzz::Step;

constexpr std::size_t kAll = static_cast<std::size_t>(-1);
constexpr std::size_t kLargeBytes = 70'000;

// Kinds 0 to 13 are parcels, the others what the table says.
constexpr unsigned kLarge = 14;
constexpr unsigned kSubscription = 15;

const Message& LargeMessage() {
  static const auto* const large = new Message(std::string(kLargeBytes, 'L'));
  return *large;
}

// Only early in a script: one such message is enough for an input.
bool IsLarge(unsigned kind, std::size_t sent) { return kind == kLarge && sent < 2; }

// A step of a script that sends a message. RADIO's are a group and one part, or DISH ends the link.
Parcel ToSend(SocketType from, unsigned kind, std::size_t sent) {
  if (from != SocketType::kRadio) {
    if (IsLarge(kind, sent)) return {LargeMessage(), "", LargeMessage()};
    return monocoque::fuzz::GetParcel(kind, sent);
  }
  const std::string_view group = monocoque::fuzz::SomeOctets(sent, kind * 17);
  Parcel parcel;
  parcel.message =
      IsLarge(kind, sent) ? LargeMessage() : Message(monocoque::fuzz::SomeOctets(kind, kind * 200));
  parcel.prefix.append({'\x01', static_cast<char>(group.size())}).append(group);
  parcel.whole = Message({group, parcel.message.text()});
  return parcel;
}

// What one side saw: this must not depend on the schedule.
struct Seen {
  std::vector<Message> messages;
  std::vector<std::tuple<ConnectionEvent::Kind, std::string, absl::Status>> events;
  std::string peer_identity;
  std::optional<SocketType> peer_type;

  friend bool operator==(const Seen&, const Seen&) = default;
};

// One connection, its application and its end of the wire.
class Side {
 public:
  // `wire` is where its octets are on their way: the caller's, so that its memory serves many runs.
  Side(const ConnectionOptions& options, const Host& host, std::string* wire)
      : type_(options.socket_type), connection_(*Connection::Create(options, host)), wire_(*wire) {
    wire_.clear();
  }

  Connection& connection() { return *connection_; }
  bool has_written() const { return batch_.has_value() || wire_at_ < wire_.size(); }
  Seen Conclude();

  bool Act(Input* script, Instant now);
  bool Receive(unsigned most, Instant now);
  void TakeEvents();
  bool Fill(std::size_t max_bytes);
  // Octets of the batch reach the wire.
  void Write(std::size_t count);
  // The batch comes back; what did not reach the wire is written later.
  bool Return(Instant now);
  // Octets of the wire reach the other side; how many did.
  std::size_t Deliver(Side* to, unsigned way, std::size_t count, Instant now);

 private:
  bool SendOne(unsigned kind, Instant now);

  const SocketType type_;
  std::unique_ptr<Connection> connection_;
  Seen seen_;
  std::size_t sent_ = 0;
  std::optional<unsigned> pending_;  // the script's step that was refused until now
  std::optional<TransmitBatch> batch_;
  std::string& wire_;
  std::size_t wire_at_ = 0;
};

Seen Side::Conclude() {
  TakeEvents();
  const monocoque::PeerInfo& peer = connection_->peer();
  seen_.peer_identity = peer.identity;
  seen_.peer_type = peer.socket_type;
  return std::move(seen_);
}

bool Side::SendOne(unsigned kind, Instant now) {
  if (kind == kSubscription) {
    const std::string_view prefix = monocoque::fuzz::SomeOctets(sent_, sent_ % 300);
    return connection_->SendSubscription(sent_ % 3 != 2, AsBytes(prefix), now).ok();
  }
  Parcel parcel = ToSend(type_, kind, sent_);
  return connection_->Send(&parcel.message, now, AsBytes(parcel.prefix)).ok();
}

// The next step of the script, once it is accepted; false if there is none or it is refused.
bool Side::Act(Input* script, Instant now) {
  if (!pending_) {
    if (script->empty()) return false;
    pending_ = script->Octet() & 15;
  }
  if (!SendOne(*pending_, now)) return false;
  pending_.reset();
  ++sent_;
  return true;
}

// False if there is nothing.
bool Side::Receive(unsigned most, Instant now) {
  bool any = false;
  for (unsigned i = 0; i < most; ++i) {
    Message message;
    const Poll poll = connection_->Receive(&message, now);
    if (poll == Poll::kNeedData) break;
    if (poll == Poll::kEvent) {
      TakeEvents();
    } else {
      seen_.messages.push_back(std::move(message));
    }
    any = true;
  }
  return any;
}

void Side::TakeEvents() {
  ConnectionEvent event;
  while (connection_->NextEvent(&event)) {
    seen_.events.emplace_back(event.kind, std::string(event.data.text()), event.status);
  }
}

bool Side::Fill(std::size_t max_bytes) {
  TransmitBatch batch;
  if (batch_ || !connection_->FillTransmit(&batch, max_bytes)) return false;
  batch_ = std::move(batch);
  return true;
}

void Side::Write(std::size_t count) {
  while (batch_ && count > 0 && !batch_->empty()) {
    std::array<Bytes, 1> span;
    batch_->Spans(span);
    const Bytes octets = span[0].first(std::min(count, span[0].size()));
    wire_.append(AsText(octets));
    count -= octets.size();
    batch_->Advance(octets.size());
  }
}

bool Side::Return(Instant now) {
  if (!batch_) return false;
  const std::size_t written = batch_->written();
  connection_->ReturnBatch(*std::exchange(batch_, std::nullopt), written, absl::OkStatus(), now);
  return true;
}

std::size_t Side::Deliver(Side* to, unsigned way, std::size_t count, Instant now) {
  Connection& peer = to->connection();
  if (peer.read_hint().mode == ReadMode::kPaused && !peer.done()) return 0;
  Bytes octets = AsBytes(wire_).subspan(wire_at_);
  octets = octets.first(std::min(octets.size(), count));
  if (octets.empty()) return 0;
  if (way == 0) {
    Require(peer.Donate(monocoque::fuzz::InOwnBlock(octets), now).ok(), "a donation is taken");
  } else if (way == 1) {
    octets = octets.first(std::min<std::size_t>(octets.size(), 1000));
    monocoque::fuzz::InPieces(octets, 7, [&](Slice piece) {
      Require(peer.Donate(std::move(piece), now).ok(), "a piece is taken");
    });
  } else if (absl::StatusOr<ReadWindow> window = peer.PrepareRead(); window.ok()) {
    octets = octets.first(std::min(octets.size(), window->span().size()));
    monocoque::fuzz::CopyOctets(octets, window->span());
    peer.CommitRead(*std::move(window), octets.size(), now);
  }
  wire_at_ += octets.size();
  return octets.size();
}

// Both sides under one schedule.
class Joined {
 public:
  Joined(const ConnectionOptions& a, const ConnectionOptions& b, const BudgetPtr& budget,
         Input script_a, Input script_b)
      : Joined(a, b, monocoque::fuzz::RunHost(budget), script_a, script_b) {}

  void Do(Step step);
  void Settle();
  // One side closes, or the wire is cut.
  std::array<Seen, 2> End(unsigned how);

 private:
  Joined(const ConnectionOptions& a, const ConnectionOptions& b, const Host& host, Input script_a,
         Input script_b)
      : sides_{Side(a, host, Wire(0)), Side(b, host, Wire(1))},
        scripts_{script_a, script_b},
        now_(host.now) {}

  static std::string* Wire(std::size_t which) {
    static auto* const wires = new std::array<std::string, 2>;
    return &(*wires)[which];
  }

  bool Turn(std::size_t which);
  void TellEnd(std::size_t which);

  std::array<Side, 2> sides_;
  std::array<Input, 2> scripts_;
  std::array<bool, 2> told_end_ = {};
  Instant now_;
};

// The lowest bit says whose step it is, the next three which.
void Joined::Do(Step step) {
  const std::size_t which = step.kind & 1;
  Side& side = sides_[which];
  switch (step.kind >> 1) {
    case 0:
      for (unsigned i = 0; i <= step.amount && side.Act(&scripts_[which], now_); ++i) {
      }
      break;
    case 1:
      if (!side.Fill(step.bytes())) side.Return(now_);
      break;
    case 2:
      side.Write(step.bytes());
      break;
    case 3:
      side.Deliver(&sides_[1 - which], step.amount % 3, kAll, now_);
      break;
    case 4:
      side.Deliver(&sides_[1 - which], step.amount % 3, 1 + step.amount / 3, now_);
      break;
    case 5:
      side.Receive(step.amount + 1, now_);
      break;
    case 6:
      (void)side.connection().Process(step.amount, now_);
      break;
    default:
      if (step.amount % 2 == 0) {
        side.TakeEvents();
      } else {
        now_ = now_ + absl::Milliseconds(step.amount);
        for (Side& each : sides_) each.connection().HandleTimeout(now_);
      }
      break;
  }
}

// Everything one side can do now; false if that is nothing.
bool Joined::Turn(std::size_t which) {
  Side& side = sides_[which];
  bool moved = side.connection().Process(1000, now_);
  side.TakeEvents();
  moved = side.Receive(1000, now_) || moved;
  moved = side.Act(&scripts_[which], now_) || moved;
  moved = side.Fill(kAll) || moved;
  side.Write(kAll);
  moved = side.Return(now_) || moved;
  return side.Deliver(&sides_[1 - which], 2, kAll, now_) > 0 || moved;
}

// A side that is done closes its transport, and the other hears of it behind the last octet.
void Joined::TellEnd(std::size_t which) {
  if (!sides_[which].connection().done() || sides_[which].has_written()) return;
  if (std::exchange(told_end_[which], true)) return;
  sides_[1 - which].connection().OnTransportClosed(absl::OkStatus(), now_);
}

void Joined::Settle() {
  // Each turn moves an octet, a message or a step of the script; at most so many are there.
  for (int turn = 0;; ++turn) {
    Require(turn < 20'000, "the two come to rest");
    const bool moved_a = Turn(0);
    const bool moved_b = Turn(1);
    if (!moved_a && !moved_b) break;
  }
  for (std::size_t i = 0; i < 2; ++i) TellEnd(i);
}

std::array<Seen, 2> Joined::End(unsigned how) {
  Settle();
  if (how < 2) {
    sides_[how].connection().Close(now_);
  } else {
    for (Side& side : sides_) side.connection().OnTransportClosed(absl::OkStatus(), now_);
  }
  for (int i = 0; i < 3; ++i) Settle();
  for (Side& side : sides_) Require(side.connection().done(), "both are over");
  return {sides_[0].Conclude(), sides_[1].Conclude()};
}

// What a side sends by the script, as the other one should see it.
std::vector<Message> Expected(SocketType from, Input script) {
  std::vector<Message> messages;
  for (std::size_t sent = 0; !script.empty(); ++sent) {
    const unsigned kind = script.Octet() & 15;
    if (kind == kSubscription) continue;
    messages.push_back(ToSend(from, kind, sent).whole);
  }
  return messages;
}

// By turns with what fits and, now and then, with what does not.
std::pair<SocketType, SocketType> TypesFrom(std::uint8_t octet) {
  using enum SocketType;
  constexpr std::array<std::pair<SocketType, SocketType>, 16> kPairs = {{
      {kDealer, kRouter},
      {kPush, kPull},
      {kReq, kRep},
      {kPair, kPair},
      {kXSub, kXPub},
      {kSub, kPub},
      {kDealer, kDealer},
      {kRouter, kRouter},
      {kXSub, kPub},
      {kRep, kDealer},
      {kPush, kPush},
      {kPub, kReq},
      {kClient, kServer},
      {kDish, kRadio},
      {kPeer, kPeer},
      {kScatter, kGather},
  }};
  return kPairs[octet % kPairs.size()];
}

ConnectionOptions OptionsFrom(SocketType type, unsigned bits, std::string_view routing_id) {
  ConnectionOptions options;
  options.socket_type = type;
  options.handshake_timeout = absl::ZeroDuration();
  if ((bits & 1) != 0) options.routing_id = routing_id;
  if ((bits & 2) != 0) options.send_mark = {.messages = 1, .bytes = 0};
  if ((bits & 4) != 0) options.receive_mark = {.messages = 2, .bytes = 500};
  if ((bits & 8) != 0) {
    options.heartbeat = {.interval = absl::Milliseconds(5), .timeout = absl::Hours(1)};
  }
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  const std::uint8_t types = input.Octet();
  const std::uint8_t bits = input.Octet();
  const auto [type_a, type_b] = TypesFrom(types);
  const ConnectionOptions a = OptionsFrom(type_a, bits, "side-a");
  const ConnectionOptions b = OptionsFrom(type_b, bits >> 4, "b");
  const Input script_a = input.Part(31);
  const Input script_b = input.Part(31);
  const std::array<Input, 2> schedules = {input.Part(), Input(input.Take(255))};
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  std::array<std::array<Seen, 2>, 2> seen;
  for (std::size_t run = 0; run < 2; ++run) {
    Joined joined(a, b, budget, script_a, script_b);
    for (Input schedule = schedules[run]; !schedule.empty();) joined.Do(Step(schedule.Octet()));
    seen[run] = joined.End(types / 16 % 3);
  }
  Require(seen[0][0] == seen[1][0], "the first side sees the same under both schedules");
  Require(seen[0][1] == seen[1][1], "the second side sees the same under both schedules");
  if (monocoque::Compatible(type_a, type_b)) {
    Require(seen[0][1].messages == Expected(type_a, script_a), "what the first side sent arrived");
    Require(seen[0][0].messages == Expected(type_b, script_b), "what the second side sent arrived");
  }
  seen = {};
  Require(budget->used() == 0, "all memory comes back");
  return 0;
}
