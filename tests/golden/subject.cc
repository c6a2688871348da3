#include "tests/golden/subject.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "alloc/block.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/host.h"
#include "protocol/socket/event.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque::golden {
namespace {

// Turns and deadlines of one wait: a socket that never comes to rest ends the test, not the
// machine.
constexpr int kMaxTurns = 1'000'000;
// Cut::kOctets: with more left than this the pieces are as large, for a body of 64 KiB is not worth
// as many turns.
constexpr std::size_t kOctetsAtATime = 512;

TransportInfo Transport() { return {"tcp://127.0.0.1:5555", "tcp://127.0.0.1:49152"}; }

Slice BlockOf(std::string_view octets) {
  BlockPtr block = Block::Allocate(octets.size(), nullptr);
  std::ranges::copy(AsBytes(octets), block->data());
  const std::uint8_t* data = block->data();
  return Slice(std::move(block), data, octets.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Subject>> Subject::Create(SocketType type,
                                                         const SocketOptions& options, Cut cut,
                                                         std::vector<std::string> random) {
  Host host = testing::TestHost();
  host.entropy = std::make_shared<testing::QueuedEntropy>(
      std::deque<std::string>(random.begin(), random.end()));
  absl::StatusOr<Socket> socket = Socket::Create(type, options, host);
  if (!socket.ok()) return socket.status();
  return std::unique_ptr<Subject>(new Subject(*std::move(socket), host.now, cut));
}

absl::Status Subject::Listen(const Endpoint& endpoint) {
  const absl::StatusOr<ListenerId> listener = socket_.Bind(endpoint, now_);
  if (listener.ok()) listener_ = *listener;
  Turn();
  return listener.status();
}

absl::Status Subject::Connect(const Endpoint& endpoint) {
  const absl::Status status = socket_.Connect(endpoint, now_).status();
  Turn();
  return status;
}

bool Subject::Open(int number) {
  Wire wire;
  if (listener_) {
    const absl::StatusOr<LinkId> link = socket_.OnAccepted(listener_, Transport(), now_);
    if (!link.ok()) return false;
    wire.link = *link;
  } else {
    if (dials_.empty()) return false;
    wire = std::move(dials_.front());
    dials_.pop_front();
  }
  wires_[number] = std::move(wire);
  Turn();
  return true;
}

void Subject::Say(int number, std::string_view octets) {
  wires_[number].said.append(octets);
  if (cut_ != Cut::kJoined) Turn();
}

void Subject::Close(int number) {
  Turn();
  const LinkId link = std::exchange(wires_[number].link, LinkId());
  socket_.OnTransportClosed(link, absl::OkStatus(), now_);
  Turn();
}

Subject::Wire* Subject::Find(LinkId link) {
  for (auto& [number, wire] : wires_) {
    if (wire.link == link) return &wire;
  }
  const auto dial = std::ranges::find(dials_, link, &Wire::link);
  return dial == dials_.end() ? nullptr : &*dial;
}

bool Subject::Actions() {
  bool any = false;
  for (Action action; socket_.NextAction(&action); any = true) {
    if (const auto* dial = std::get_if<action::Dial>(&action)) {
      dials_.push_back(Wire{.link = dial->link});
      socket_.OnDialed(dial->link, Transport(), now_);
    } else if (const auto* listen = std::get_if<action::Listen>(&action)) {
      socket_.OnListening(listen->listener, *listen->endpoint, now_);
    } else if (const auto* ask = std::get_if<action::Authenticate>(&action)) {
      if (zap_handler_) {
        asked_.push_back(*ask);
      } else {
        socket_.Authorize(ask->link, {.status = AuthStatus::kTryLater}, now_);
      }
    } else if (const auto* close = std::get_if<action::CloseLink>(&action)) {
      if (Wire* wire = Find(close->link)) wire->closed = true;
    }
  }
  return any;
}

void Subject::AnswerZap(const AuthVerdict& verdict) {
  const LinkId link = asked_.front().link;
  asked_.pop_front();
  socket_.Authorize(link, verdict, now_);
  Turn();
}

bool Subject::Transmit() {
  bool any = false;
  for (LinkId link; socket_.NextTransmitLink(&link);) {
    TransmitBatch batch;
    if (!socket_.FillTransmit(link, &batch, 512 * 1024)) continue;
    any = true;
    std::vector<Bytes> spans(batch.slices());
    batch.Spans(spans);
    Wire* wire = Find(link);
    for (Bytes span : spans) {
      if (wire != nullptr) wire->heard.append(AsText(span));
    }
    const std::size_t total = batch.remaining();
    socket_.ReturnBatch(link, std::move(batch), total, absl::OkStatus(), now_);
  }
  return any;
}

bool Subject::Read() {
  bool any = false;
  for (auto& [number, wire] : wires_) {
    if (wire.said.empty()) continue;
    if (wire.closed || !wire.link) {
      wire.said.clear();
    } else if (socket_.read_hint(wire.link).mode != ReadMode::kPaused) {
      any = (cut_ == Cut::kLines ? ReadWindow(&wire) : Donate(&wire)) || any;
    }
  }
  return any;
}

bool Subject::ReadWindow(Wire* wire) {
  absl::StatusOr<monocoque::ReadWindow> window = socket_.PrepareRead(wire->link);
  if (!window.ok()) return false;
  const std::size_t count = std::min(window->span().size(), wire->said.size());
  std::ranges::copy(AsBytes(wire->said).first(count), window->span().begin());
  wire->said.erase(0, count);
  socket_.CommitRead(wire->link, *std::move(window), count, now_);
  return true;
}

bool Subject::Donate(Wire* wire) {
  const std::size_t left = wire->said.size();
  const std::size_t count = cut_ == Cut::kJoined    ? left
                            : left > kOctetsAtATime ? kOctetsAtATime
                                                    : 1;
  const std::string piece = wire->said.substr(0, count);
  wire->said.erase(0, count);
  return socket_.Donate(wire->link, BlockOf(piece), now_).ok();
}

void Subject::Turn() {
  bool any = true;
  for (int turns = 0; any && turns < kMaxTurns; ++turns) {
    if (now_ >= socket_.NextDeadline()) socket_.HandleTimeout(now_);
    any = socket_.Process(1000, now_);
    any = Actions() || any;
    for (SocketEvent event; socket_.NextEvent(&event);) {
    }
    any = Transmit() || any;
    any = Read() || any;
  }
}

bool Subject::Until(absl::Duration limit, const std::function<bool()>& done) {
  const Instant end = now_ + limit;
  Turn();
  for (int steps = 0; steps < kMaxTurns; ++steps) {
    if (done()) return true;
    if (now_ >= end) return false;
    now_ = std::clamp(socket_.NextDeadline(), now_ + absl::Nanoseconds(1), end);
    Turn();
  }
  return false;
}

}  // namespace monocoque::golden
