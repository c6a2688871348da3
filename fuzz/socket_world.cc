#include "fuzz/socket_world.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fuzz/pieces.h"
#include "fuzz/require.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/event.h"
#include "tests/support/pair.h"

namespace monocoque::fuzz {
namespace {

// More than any script can leave to do.
constexpr int kMaxRounds = 10'000;
constexpr absl::Duration kScriptLinger = absl::Seconds(1);

const Endpoint& Named(std::size_t which) {
  static const auto* const endpoints =
      new std::array<Endpoint, 4>{*ParseEndpoint("sim://first"), *ParseEndpoint("sim://second"),
                                  *ParseEndpoint("sim://subject"), *ParseEndpoint("sim://nobody")};
  return (*endpoints)[which % endpoints->size()];
}

template <typename T>
const T* PickFrom(const std::vector<T>& from, unsigned which) {
  return from.empty() ? nullptr : &from[which % from.size()];
}

}  // namespace

SocketWorld::SocketWorld(SocketType type, SocketType partner, const SocketOptions& options,
                         const Host& host)
    : host_(host),
      subject_(*Socket::Create(type, options, host)),
      now_(host.now),
      arrivals_(partner) {
  Want(0);
  for (std::size_t i = 0; i < kPartners; ++i) {
    SocketOptions theirs;
    theirs.link.handshake_timeout = absl::ZeroDuration();
    if (i == 0) theirs.routing_id = "first";
    partners_[i] =
        std::make_unique<Partner>(static_cast<char>('A' + i), partner, type, theirs, host);
    partners_[i]->Listen(Named(i), now_);
  }
}

// ---- The script ------------------------------------------------------------------------------

void SocketWorld::Do(Step step, Input* stream) {
  switch (step.kind) {
    case 0:
      BindOrConnect(step.amount);
      break;
    case 1:
      step.amount >= 8 && wants() ? Want(step.amount) : UnbindOrDisconnect(step.amount);
      break;
    case 2:
      AcceptHostile(step.amount);
      break;
    case 3:
      (void)partners_[step.amount % kPartners]->socket().Connect(Named(2), now_);
      break;
    case 4:
      FeedHostile(step.amount, stream);
      break;
    case 5:
      ReadHostile(step.amount, stream);
      break;
    case 6:
      RunActions();
      ResolveDial(step.amount);
      break;
    case 7:
      for (unsigned i = 0; i <= step.amount && Receive(); ++i) {
      }
      break;
    case 8:
      Send(step.amount);
      break;
    case 9:
      step.amount < 12 ? SendTo(step.amount) : Peek();
      break;
    case 10:
      Fill(step.bytes());
      break;
    case 11:
      Return(step.amount);
      break;
    case 12:
      PassTime(step.duration());
      break;
    case 13:
      TurnPartner(step.amount % kPartners, step.amount >= 2, step.amount);
      break;
    case 14:
      step.amount < 6 ? Cut(step.amount) : LateFacts(step.amount);
      break;
    default:
      if (step.amount < 4) {
        (void)subject_.Process(step.amount * 4, now_);
      } else if (step.amount < 6) {
        received_.clear();
      } else if (step.amount == 15) {
        closed_ = true;
        subject_.Close(kScriptLinger, now_);
      } else {
        Turn();
      }
      break;
  }
  CheckAlways();
}

// ---- The application -------------------------------------------------------------------------

void SocketWorld::BindOrConnect(unsigned how) {
  if (how % 4 == 0) {
    if (const auto listener = subject_.Bind(Named(2), now_); listener.ok()) {
      listeners_.push_back(*listener);
    }
    return;
  }
  const absl::StatusOr<DialerId> dialer = subject_.Connect(Named(how % 4 - 1 + how / 8), now_);
  if (!dialer.ok()) return Require(closed_, "one may connect until the end");
  dialers_.push_back(*dialer);
  peers_.insert(subject_.peer(*dialer));
}

void SocketWorld::UnbindOrDisconnect(unsigned how) {
  if (how % 2 == 0) {
    if (const ListenerId* listener = PickFrom(listeners_, how / 2)) {
      (void)subject_.Unbind(*listener, now_);
    }
  } else if (const DialerId* dialer = PickFrom(dialers_, how / 2)) {
    (void)subject_.Disconnect(*dialer, now_);
  }
}

bool SocketWorld::wants() const {
  return SendsSubscriptions(subject_.type()) || subject_.type() == SocketType::kDish;
}

// SUB, XSUB, DISH: something is wanted from now on, or odd: no more so.
void SocketWorld::Want(unsigned how) {
  constexpr std::array<std::string_view, 4> kPrefixes = {"", "M", "MA", "nothing"};
  const std::string_view what = kPrefixes[how / 2 % kPrefixes.size()];
  const std::string_view group = what.empty() ? kStampedGroup : what;
  if (subject_.type() == SocketType::kDish) {
    (void)(how % 2 == 0 ? subject_.Join(group, now_) : subject_.Leave(group, now_));
  } else if (wants()) {
    (void)(how % 2 == 0 ? subject_.Subscribe(what, now_) : subject_.Unsubscribe(what, now_));
  }
}

bool SocketWorld::Receive() {
  Message message;
  PeerId from;
  const bool got = subject_.Receive(&message, &from, now_);
  TakeEvents();
  if (!got) return false;
  Require(!closed_, "nothing is received behind the close");
  Require(message.peer() == from && peers_.contains(from), "a message is of a peer that was ready");
  if (!tainted_.contains(from) && !IsNotice(subject_.type(), message)) {
    arrivals_.Check(from, message);
  }
  received_.push_back(std::move(message));
  ++receipts_;
  return true;
}

void SocketWorld::Peek() {
  PeerId peeked_from;
  const Message* peeked = subject_.Peek(&peeked_from, now_);
  if (peeked == nullptr) return;
  const Message copy = *peeked;
  Require(subject_.Peek(nullptr, now_) == peeked, "looking takes nothing");
  Require(Receive() && received_.back() == copy, "what was looked at is what is taken");
}

// Who needs a destination answers whoever asked last, or somebody who may not be there.
void SocketWorld::Addressed(Message* message, unsigned kind) const {
  using enum SocketType;
  const SocketType type = subject_.type();
  if (type != kRouter && type != kServer && type != kPeer) return;
  const DialerId* dialer = PickFrom(dialers_, kind / 4);
  if (kind % 4 == 2 && dialer != nullptr && type == kPeer) {
    message->set_to(subject_.routing_id(subject_.peer(*dialer)));
  } else if (kind % 4 == 3 || received_.empty()) {
    message->set_to(kind % 2 == 0 ? "first" : "id-1");
  } else {
    message->set_to(received_.back().routing_id());
  }
}

void SocketWorld::Send(unsigned kind) {
  Message message = MakeStampedFor(subject_.type(), 'S', sent_, kind);
  Addressed(&message, kind);
  const Message copy = message;
  const bool can = subject_.CanSend();
  const absl::Status sent = subject_.Send(&message, now_);
  if (sent.ok()) {
    // With xpub_nodrop it asks for room with each peer, and Send with those who would get it.
    Require(can || subject_.options().xpub_nodrop, "Send takes nothing that CanSend denies");
    ++sent_;
    return;
  }
  Require(message == copy, "a message that was refused is untouched");
}

void SocketWorld::SendTo(unsigned kind) {
  if (peers_.empty()) return;
  auto peer = peers_.begin();
  std::advance(peer, static_cast<std::ptrdiff_t>(kind % peers_.size()));
  Message message = MakeStampedFor(subject_.type(), 'S', sent_, kind);
  if (subject_.SendTo(*peer, &message, now_).ok()) ++sent_;
}

void SocketWorld::TakeEvents() {
  SocketEvent event;
  while (subject_.NextEvent(&event)) {
    Wire* wire = event.link ? Find(event.link) : nullptr;
    if (wire != nullptr) Require(!wire->told_closed, "nothing is told of a link behind its end");
    if (event.kind == SocketEvent::Kind::kReady) {
      Require(wire != nullptr && event.peer_info != nullptr, "a link is ready");
      peers_.insert(event.peer);
      if (wire->partner == kHostile) tainted_.insert(event.peer);
    } else if (event.kind == SocketEvent::Kind::kClosed) {
      Require(wire != nullptr && !event.status.ok(), "a link is closed for a reason");
      wire->told_closed = true;
    }
  }
}

// ---- The driver ------------------------------------------------------------------------------

SocketWorld::Wire* SocketWorld::Find(LinkId link) {
  const auto it = std::ranges::find(wires_, link, &Wire::link);
  return it == wires_.end() ? nullptr : &*it;
}

// The `which`th in that state, counted around; null if there is none.
SocketWorld::Wire* SocketWorld::Pick(unsigned which, Wire::State state, bool hostile) {
  const auto fits = [&](const Wire& wire) {
    return wire.state == state && (!hostile || wire.partner == kHostile);
  };
  const auto count = std::ranges::count_if(wires_, fits);
  if (count == 0) return nullptr;
  auto left = static_cast<std::ptrdiff_t>(which) % count;
  for (Wire& wire : wires_) {
    if (fits(wire) && left-- == 0) return &wire;
  }
  return nullptr;
}

void SocketWorld::RunActions() {
  Action action;
  for (int round = 0; subject_.NextAction(&action); ++round) {
    Require(round < kMaxRounds, "actions come to an end");
    if (const auto* dial = std::get_if<action::Dial>(&action)) {
      wires_.push_back({.link = dial->link});
    } else if (const auto* listen = std::get_if<action::Listen>(&action)) {
      subject_.OnListening(listen->listener, *listen->endpoint, now_);
    } else if (const auto* close = std::get_if<action::CloseLink>(&action)) {
      Wire* wire = Find(close->link);
      Require(wire != nullptr && !std::exchange(wire->asked_to_close, true),
              "a link is closed once");
      const bool open = wire->state == Wire::State::kOpen;
      wire->state = Wire::State::kClosed;
      if (open && wire->far) {
        partners_[wire->partner]->socket().OnTransportClosed(wire->far, absl::OkStatus(), now_);
      }
    }
  }
}

void SocketWorld::Open(Wire* wire, std::size_t partner, LinkId far) {
  wire->state = Wire::State::kOpen;
  wire->partner = partner;
  wire->far = far;
  subject_.OnDialed(wire->link, {"sim", "sim"}, now_);
}

// To a partner, to somebody hostile, or not at all.
void SocketWorld::ResolveDial(unsigned how) {
  Wire* wire = Pick(how / 4, Wire::State::kDialing, false);
  if (wire == nullptr) return;
  const std::size_t whom = how % 4;
  if (whom < kPartners) {
    if (const LinkId far = partners_[whom]->Accept(now_)) {
      Open(wire, whom, far);
      return;
    }
  } else if (whom == kHostile) {
    Open(wire, kHostile, LinkId());
    return;
  }
  wire->state = Wire::State::kClosed;
  subject_.OnDialFailed(wire->link, absl::UnavailableError("refused"), now_);
}

// Odd: behind a good greeting and READY, which may claim an id.
void SocketWorld::AcceptHostile(unsigned how) {
  const ListenerId* listener = PickFrom(listeners_, how / 4);
  if (listener == nullptr) return;
  const absl::StatusOr<LinkId> link = subject_.OnAccepted(*listener, {"sim", "sim"}, now_);
  if (!link.ok()) return;
  wires_.push_back({.link = *link, .state = Wire::State::kOpen});
  if (how % 2 == 0) return;
  const std::string octets =
      testing::PeerGreeting() +
      testing::PeerReady(SocketTypeName(partners_[0]->socket().type()), how % 4 == 3 ? "id-1" : "");
  (void)subject_.Donate(*link, InOwnBlock(AsBytes(octets)), now_);
}

void SocketWorld::FeedHostile(unsigned how, Input* stream) {
  constexpr std::array<std::size_t, 4> kSizes = {3, 16, 64, 300};
  const Wire* wire = Pick(how % 4, Wire::State::kOpen, true);
  if (wire == nullptr || (window_ && window_->first == wire->link)) return;
  const Bytes octets = stream->Take(kSizes[how / 4]);
  Require(subject_.Donate(wire->link, InOwnBlock(octets), now_).ok(), "a donation is taken");
}

void SocketWorld::ReadHostile(unsigned how, Input* stream) {
  if (!window_) {
    const Wire* wire = Pick(how % 4, Wire::State::kOpen, true);
    if (wire == nullptr) return;
    absl::StatusOr<ReadWindow> window = subject_.PrepareRead(wire->link);
    if (!window.ok()) return;
    window_.emplace(wire->link, *std::move(window));
    if (how < 8) return;
  }
  auto [link, window] = *std::exchange(window_, std::nullopt);
  const Bytes octets = stream->Take(std::min<std::size_t>(window.span().size(), how * 20));
  CopyOctets(octets, window.span());
  subject_.CommitRead(link, std::move(window), octets.size(), now_);
}

void SocketWorld::Fill(std::size_t max_bytes) {
  LinkId link;
  if (!subject_.NextTransmitLink(&link)) return;
  TransmitBatch batch;
  if (!subject_.FillTransmit(link, &batch, max_bytes)) return;
  Require(std::ranges::find(batches_, link, [](const auto& out) { return out.first; }) ==
              batches_.end(),
          "one batch of a link is out");
  batches_.emplace_back(link, std::move(batch));
}

// As DrivenConnection: all, a part, or a failure behind a part.
void SocketWorld::Return(unsigned how) {
  if (batches_.empty()) return;
  const auto out = batches_.begin() + static_cast<std::ptrdiff_t>(how % batches_.size());
  auto [link, batch] = std::move(*out);
  batches_.erase(out);
  const std::size_t all = batch.remaining();
  const std::size_t written = how % 8 == 0 ? all : all * (how % 8) / 8;
  std::string octets;
  std::vector<Bytes> spans(batch.slices());
  batch.Spans(spans);
  for (Bytes span : spans) octets.append(AsText(span));
  octets.resize(written);
  Wire* wire = Find(link);
  const bool open = wire != nullptr && wire->state == Wire::State::kOpen;
  if (open && wire->far) DeliverToPartner(*wire, AsBytes(octets));
  const bool fails = how >= 8 || !open;
  subject_.OnWritten(link, written / 2, now_);
  subject_.ReturnBatch(link, std::move(batch), written,
                       fails ? absl::UnavailableError("reset") : absl::OkStatus(), now_);
  // A transport whose write failed is gone on both sides.
  if (fails && open) CloseTransport(Find(link), true);
}

// The transport ends by itself; both sides hear of it.
void SocketWorld::CloseTransport(Wire* wire, bool failed) {
  if (wire->state == Wire::State::kClosed) return;
  const absl::Status why = failed ? absl::UnavailableError("reset") : absl::OkStatus();
  wire->state = Wire::State::kClosed;
  const LinkId far = wire->far;
  Partner* partner = far ? partners_[wire->partner].get() : nullptr;
  subject_.OnTransportClosed(wire->link, why, now_);
  if (partner != nullptr) partner->socket().OnTransportClosed(far, why, now_);
}

void SocketWorld::Cut(unsigned how) {
  if (Wire* wire = Pick(how / 2, Wire::State::kOpen, false)) CloseTransport(wire, how % 2 == 0);
}

// Facts about links that are gone, or never were.
void SocketWorld::LateFacts(unsigned how) {
  const Wire* gone = Pick(how / 2, Wire::State::kClosed, false);
  const LinkId link = gone != nullptr ? gone->link : LinkId::FromValue(how * 1'000'003);
  const auto held = std::ranges::find(batches_, link, [](const auto& out) { return out.first; });
  subject_.OnDialed(link, {"sim", "sim"}, now_);
  subject_.OnDialFailed(link, absl::UnavailableError("late"), now_);
  (void)subject_.Donate(link, InOwnBlock(AsBytes("late")), now_);
  (void)subject_.PrepareRead(link);
  subject_.CommitRead(link, ReadWindow(), 0, now_);
  subject_.OnTransportClosed(link, absl::OkStatus(), now_);
  if (held == batches_.end()) subject_.OnWritten(link, 1, now_);
  TransmitBatch batch;
  if (held == batches_.end()) subject_.ReturnBatch(link, std::move(batch), 0, {}, now_);
  subject_.OnListenFailed(ListenerId::FromValue(how), absl::UnavailableError("late"), now_);
}

void SocketWorld::PassTime(absl::Duration by) {
  now_ = now_ + by;
  subject_.HandleTimeout(now_);
  for (int again = 0; subject_.NextDeadline() <= now_; ++again) {
    Require(again < 4, "nothing stays due");
    subject_.HandleTimeout(now_);
  }
}

// ---- The partners ----------------------------------------------------------------------------

bool SocketWorld::AcceptPartner(std::size_t which, LinkId far) {
  for (ListenerId listener : listeners_) {
    const absl::StatusOr<LinkId> link = subject_.OnAccepted(listener, {"sim", "sim"}, now_);
    if (!link.ok()) continue;
    wires_.push_back({.link = *link, .state = Wire::State::kOpen, .partner = which, .far = far});
    partners_[which]->socket().OnDialed(far, {"sim", "sim"}, now_);
    return true;
  }
  return false;
}

SocketWorld::Wire* SocketWorld::FindFar(std::size_t which, LinkId far) {
  const auto it = std::ranges::find_if(wires_, [&](const Wire& wire) {
    return wire.partner == which && wire.far == far && wire.state == Wire::State::kOpen;
  });
  return it == wires_.end() ? nullptr : &*it;
}

bool SocketWorld::DeliverToSubject(std::size_t which, LinkId far, Bytes octets) {
  const Wire* wire = FindFar(which, far);
  return wire != nullptr && subject_.Donate(wire->link, InOwnBlock(octets), now_).ok();
}

void SocketWorld::HearOfClose(std::size_t which, LinkId far) {
  Wire* wire = FindFar(which, far);
  if (wire == nullptr) return;
  wire->state = Wire::State::kClosed;
  subject_.OnTransportClosed(wire->link, absl::OkStatus(), now_);
}

void SocketWorld::DeliverToPartner(const Wire& wire, Bytes octets) {
  (void)partners_[wire.partner]->socket().Donate(wire.far, InOwnBlock(octets), now_);
}

void SocketWorld::TurnPartner(std::size_t which, bool sends, unsigned kind) {
  const Partner::Far far = {
      .dial = [&](LinkId link) { return AcceptPartner(which, link); },
      .deliver = [&](LinkId link, Bytes octets) { return DeliverToSubject(which, link, octets); },
      .close = [&](LinkId link) { HearOfClose(which, link); },
  };
  partners_[which]->Turn(sends, kind, far, now_);
}

// ---- All of it -------------------------------------------------------------------------------

// Everything that can happen now.
void SocketWorld::Turn() {
  if (now_ >= subject_.NextDeadline()) PassTime(absl::ZeroDuration());
  int rounds = 0;
  while (Receive()) Require(++rounds < kMaxRounds, "receiving ends");
  while (subject_.Process(1000, now_)) Require(++rounds < kMaxRounds, "looking ahead ends");
  RunActions();
  TakeEvents();
  while (!batches_.empty()) Return(0);
  for (Fill(100'000); !batches_.empty(); Fill(100'000)) {
    Require(++rounds < kMaxRounds, "writing ends");
    Return(0);
  }
  for (std::size_t i = 0; i < kPartners; ++i) TurnPartner(i, false, 1);
}

void SocketWorld::CheckAlways() {
  RunActions();
  TakeEvents();
  Require(subject_.stats().messages_received == receipts_, "receipts are counted");
  using enum SocketType;
  const SocketType type = subject_.type();
  if (type != kPush && type != kDealer && type != kClient && type != kScatter) return;
  const bool any =
      std::ranges::any_of(peers_, [this](PeerId peer) { return subject_.CanSend(peer); });
  Require(subject_.CanSend() == any, "one may send as long as a peer can take it");
}

void SocketWorld::Finish(absl::Duration linger) {
  window_.reset();
  received_.clear();
  for (int i = 0; i < 4; ++i) {
    Turn();
    PassTime(absl::Milliseconds(100));
  }
  CheckAlways();
  if (closed_) linger = kScriptLinger;
  subject_.Close(linger, now_);
  closed_ = true;
  const Instant latest = now_ + std::max(linger, absl::ZeroDuration());
  for (int round = 0; !subject_.drained(); ++round) {
    Require(round < kMaxRounds, "closing comes to an end");
    Turn();
    while (Pick(0, Wire::State::kDialing, false) != nullptr) ResolveDial(3);
    RunActions();
    if (subject_.drained()) break;
    const Instant next = subject_.NextDeadline();
    Require(next <= latest, "closing ends with the linger time");
    // Late, it may be: many dialers have as many pauses.
    now_ = std::max(now_ + absl::Milliseconds(1), next);
    PassTime(absl::ZeroDuration());
  }
  Require(!subject_.CanSend() && !Receive(), "a closed socket neither sends nor receives");
}

}  // namespace monocoque::fuzz
