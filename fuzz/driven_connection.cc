#include "fuzz/driven_connection.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/slice.h"
#include "fuzz/hosting.h"
#include "fuzz/parcels.h"
#include "fuzz/pieces.h"
#include "fuzz/plain_greeting.h"
#include "fuzz/require.h"
#include "protocol/connection/event.h"
#include "protocol/drive/action.h"
#include "protocol/drive/cause.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/greeting.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::fuzz {
namespace {

constexpr std::size_t kAll = static_cast<std::size_t>(-1);
// Behind a failed write is read on at most so long, or for closing_timeout.
constexpr absl::Duration kReadOn = absl::Seconds(30);

// A command that ends no link by its form (RFC 37).
bool IsSound(std::string_view body, SocketType receiver) {
  const std::size_t name_size = body.empty() ? 0 : static_cast<std::uint8_t>(body[0]);
  if (name_size == 0 || name_size >= body.size()) return false;
  const std::string_view name = body.substr(1, name_size);
  const std::string_view data = body.substr(1 + name_size);
  if (name == "PING") return data.size() >= 2 && data.size() <= 18;
  if (receiver != SocketType::kRadio || (name != "JOIN" && name != "LEAVE")) return true;
  return data.size() <= 255 && data.find('\0') == data.npos;
}

}  // namespace

DrivenConnection::DrivenConnection(std::unique_ptr<Connection> connection,
                                   const ConnectionOptions& options, const BudgetPtr& budget,
                                   Instant now, Memory* memory)
    : connection_(std::move(connection)),
      options_(options),
      budget_(budget),
      now_(now),
      memory_(*memory),
      output_(&memory->written, options.socket_type, options.routing_id) {}

void DrivenConnection::Do(Step step, Input* stream) {
  switch (step.kind) {
    case 0:
      Feed(stream->Take(step.bytes()));
      break;
    case 1:
      FeedInPieces(stream->Take(64), step.amount);
      break;
    case 2:
      OpenWindow();
      FillWindow(stream, step.bytes());
      break;
    case 3:
      window_ ? FillWindow(stream, step.bytes()) : OpenWindow();
      break;
    case 4:
      FillDirectWindow(step.bytes());
      break;
    case 5:
      for (unsigned i = 0; i <= step.amount && ReceiveOne() == Poll::kMessage; ++i) {
      }
      break;
    case 6:
      Process(step.amount < 15 ? step.amount : kAll);
      break;
    case 7:
      TakeEvents();
      break;
    case 8:
      PassTime(step.duration());
      break;
    case 9:
      Send(step.amount);
      break;
    case 10:
      FillBatch(step.bytes());
      break;
    case 11:
      ReturnBatch(step.amount);
      break;
    case 12:
      step.amount < 8 ? Subscribe(step.amount) : End(step.amount);
      break;
    case 13:
      memory_.received.clear();
      if (step.amount > 8) budget_->set_limit(Budget::kUnlimited);
      break;
    case 14:
      Drain();
      break;
    default:
      Spurious();
      break;
  }
  CheckAlways();
}

void DrivenConnection::Feed(Bytes octets) {
  if (octets.empty()) return;
  const absl::Status taken = connection_->Donate(InOwnBlock(octets), now_);
  Require(taken.ok() == !window_, "a donation is taken unless a window is out");
  if (taken.ok()) Fed(octets);
}

void DrivenConnection::FeedInPieces(Bytes octets, std::size_t each) {
  if (window_) return Feed(octets);
  InPieces(octets, each, [&](Slice piece) {
    Fed(piece.bytes());
    Require(connection_->Donate(std::move(piece), now_).ok(), "a piece is taken");
  });
}

void DrivenConnection::OpenWindow() {
  const ReadHint hint = connection_->read_hint();
  absl::StatusOr<ReadWindow> window = connection_->PrepareRead();
  if (window_) {
    return Require(absl::IsFailedPrecondition(window.status()), "one window at a time");
  }
  if (hint.mode == ReadMode::kPaused) {
    return Require(absl::IsUnavailable(window.status()), "no window while reading is paused");
  }
  if (!window.ok()) {
    Require(absl::IsUnavailable(window.status()), "a window may only be unavailable");
    return Require(budget_->limit() != Budget::kUnlimited, "for want of memory");
  }
  const std::size_t size = window->span().size();
  if (hint.mode == ReadMode::kDirect) {
    Require(size > 0 && size <= hint.bytes, "a direct window leads into the frame and no further");
  } else {
    const bool lent = size > 0 && size < kSlabBytes && budget_->limit() != Budget::kUnlimited;
    Require(size == kSlabBytes || lent, "a window is a slab, or less where memory was refused");
  }
  window_ = *std::move(window);
}

void DrivenConnection::FillWindow(Input* stream, std::size_t count) {
  if (!window_) return;
  const MutableBytes span = window_->span();
  const Bytes octets = stream->Take(std::min(count, span.size()));
  CopyOctets(octets, span);
  Fed(octets);
  connection_->CommitRead(*std::exchange(window_, std::nullopt), octets.size(), now_);
}

// Octets that no input needs to hold, for a large frame's body alone.
void DrivenConnection::FillDirectWindow(std::size_t count) {
  if (window_ || connection_->read_hint().mode != ReadMode::kDirect) return;
  OpenWindow();
  if (!window_) return;
  const MutableBytes span = window_->span();
  const MutableBytes filled = span.first(std::min(count, span.size()));
  std::ranges::fill(filled, std::uint8_t{'d'});
  Fed(filled);
  connection_->CommitRead(*std::exchange(window_, std::nullopt), filled.size(), now_);
}

Poll DrivenConnection::ReceiveOne() {
  const bool may_deliver = connection_->delivering();
  Message message;
  const Poll poll = connection_->Receive(&message, now_);
  switch (poll) {
    case Poll::kMessage:
      Require(may_deliver, "nothing is delivered behind the end");
      OnMessage(std::move(message));
      break;
    case Poll::kEvent:
      TakeEvents();
      break;
    case Poll::kNeedData:
      break;
  }
  return poll;
}

void DrivenConnection::OnMessage(Message message) {
  Require(told_ready_, "READY is told before the first message");
  const Bytes fed = AsBytes(memory_.fed);
  for (;;) {
    const PlainReader::Result result = peer_->Next(fed);
    if (result == PlainReader::Result::kCommand) continue;
    Require(result == PlainReader::Result::kMessage, "a message was in the stream");
    if (!PeerSubscribes()) break;
  }
  Require(SameParts(message, peer_->parts(), fed), "messages come as they were sent");
  memory_.received.push_back(std::move(message));
}

// The message that peer_ read is a subscription.
bool DrivenConnection::PeerSubscribes() const {
  const Bytes first = peer_->parts()[0].In(AsBytes(memory_.fed));
  return TakesSubscriptions(options_.socket_type) && !first.empty() && first[0] <= 1;
}

// What was whole before the transport's end, or the peer's silence, was delivered, up to what ends
// a link by itself. (What is for DISH ends in more ways than the plain reader knows.)
void DrivenConnection::CheckDelivered() {
  const Cause cause = CauseOf(ended_);
  if (!peer_ || refused_ || options_.socket_type == SocketType::kDish) return;
  if (cause != Cause::kTransport && cause != Cause::kHeartbeat) return;
  const Bytes fed = AsBytes(memory_.fed).first(fed_at_end_);
  for (;;) {
    const PlainReader::Result result = peer_->Next(fed);
    if (result == PlainReader::Result::kMessage) {
      Require(PeerSubscribes(), "every whole message is delivered");
    } else if (result != PlainReader::Result::kCommand ||
               !IsSound(AsText(peer_->body().In(fed)), options_.socket_type)) {
      return;
    }
  }
}

PeerVersion DrivenConnection::PeersVersion() const {
  return ReadGreeting(AsBytes(memory_.fed)).version;
}

// Where the handshake ended, found the plain way.
void DrivenConnection::BeginTraffic() {
  const Bytes fed = AsBytes(memory_.fed);
  const PeerVersion version = PeersVersion();
  if (version == PeerVersion::kZmtp10) {
    // One frame of 1.0 with the identity; its flags do not count.
    const std::size_t rest = fed[0] == 0xff ? 9 + fed[7] * 256u + fed[8] : 1u + fed[0];
    peer_.emplace(options_.limits, rest, Framing::kZmtp10);
  } else if (version == PeerVersion::kZmtp20) {
    PlainReader identity(Limits(), 12, Framing::kZmtp20);
    Require(identity.Next(fed) == PlainReader::Result::kMessage && identity.parts().size() == 1,
            "the handshake of 2.0 ends with one frame");
    peer_.emplace(options_.limits, identity.position(), Framing::kZmtp20);
  } else {
    PlainReader handshake(Limits(), kGreetingBytes);
    Require(handshake.Next(fed) == PlainReader::Result::kCommand &&
                AsText(handshake.body().In(fed)).starts_with("\x05READY"),
            "the handshake ends with the peer's READY");
    peer_.emplace(options_.limits, handshake.position());
  }
}

void DrivenConnection::TakeEvents() {
  ConnectionEvent event;
  while (connection_->NextEvent(&event)) {
    Require(!told_closed_, "nothing comes behind the closing event");
    switch (event.kind) {
      case ConnectionEvent::Kind::kReady:
        Require(!std::exchange(told_ready_, true), "READY is told once");
        BeginTraffic();
        break;
      case ConnectionEvent::Kind::kClosed:
        told_closed_ = true;
        Require(event.status == connection_->status(), "the closing event tells why");
        break;
      case ConnectionEvent::Kind::kSubscribe:
      case ConnectionEvent::Kind::kUnsubscribe:
        Require(told_ready_ && TakesSubscriptions(options_.socket_type), "publishers hear of it");
        break;
      case ConnectionEvent::Kind::kJoin:
      case ConnectionEvent::Kind::kLeave:
        Require(told_ready_ && options_.socket_type == SocketType::kRadio, "RADIO hears of it");
        Require(event.data.size() <= 255, "a group is short");
        break;
      case ConnectionEvent::Kind::kAuthenticate:
        Require(false, "nobody is asked");
        break;
    }
  }
}

void DrivenConnection::Process(std::size_t frames) {
  const bool more = connection_->Process(frames, now_);
  Require(!more || state_ != ConnectionState::kClosed, "a closed connection has nothing to do");
}

// 14: the message received last goes back, if there is one.
void DrivenConnection::Send(unsigned kind) {
  const bool echo = kind == 14 && !memory_.received.empty();
  const Parcel& parcel = GetParcel(kind, memory_.sent.size());
  Message message = echo ? memory_.received.back() : parcel.message;
  const Message whole = echo ? message : parcel.whole;
  echoed_ = echoed_ || echo;
  const bool can = connection_->CanSend();
  const absl::Status sent =
      connection_->Send(&message, now_, echo ? Bytes() : AsBytes(parcel.prefix));
  if (sent.ok()) {
    Require(can, "Send takes nothing that CanSend denies");
    Require(message == Message(), "a message that was taken is empty");
    memory_.sent.push_back(whole);
    return;
  }
  Require(!can || budget_->limit() != Budget::kUnlimited, "Send takes what CanSend promises");
  Require(connection_->status().ok() ? absl::IsUnavailable(sent) : sent == connection_->status(),
          "a refusal is unavailable, or the end's status");
  Require(message == (echo ? whole : parcel.message), "a message that was refused is untouched");
}

void DrivenConnection::Subscribe(unsigned kind) {
  if (!SendsSubscriptions(options_.socket_type)) return;
  const std::string_view prefix = SomeOctets(kind, kind * 40);
  const bool subscribe = kind % 2 == 0;
  if (!connection_->SendSubscription(subscribe, AsBytes(prefix), now_).ok()) return;
  Require(connection_->state() == ConnectionState::kTraffic, "subscriptions go out in traffic");
  if (PeersVersion() == PeerVersion::kZmtp31) return;
  std::string body(1, subscribe ? '\x01' : '\x00');
  memory_.sent.push_back(Message(body.append(prefix)));
}

void DrivenConnection::Fail(std::string_view reason) {
  refused_ = true;
  connection_->Fail(TerminalStatus(Cause::kWeRejectedPeer, "no"), reason, now_);
  Require(!connection_->delivering(), "who is refused is not heard");
}

void DrivenConnection::End(unsigned how) {
  switch (how) {
    case 8:
    case 9:
      connection_->Close(now_);
      break;
    case 10:
    case 11:
      Fail("no");
      break;
    case 12:
      Fail("");
      break;
    case 13:
      Fail(SomeOctets(0, 300));
      break;
    default:
      transport_ended_ = true;
      connection_->OnTransportClosed(how == 14 ? absl::UnavailableError("reset") : absl::OkStatus(),
                                     now_);
      break;
  }
}

void DrivenConnection::PassTime(absl::Duration by) {
  now_ = now_ + by;
  const bool closing = connection_->state() == ConnectionState::kClosing;
  connection_->HandleTimeout(now_);
  // Its peer took nothing for closing_timeout.
  if (closing && connection_->done()) given_up_ = true;
  // What is due may bring something else that is due; that comes to an end.
  for (int again = 0; connection_->NextDeadline() <= now_; ++again) {
    Require(again < 4, "nothing stays due");
    connection_->HandleTimeout(now_);
  }
}

void DrivenConnection::FillBatch(std::size_t max_bytes) {
  const bool wants = connection_->wants_transmit();
  TransmitBatch batch;
  Require(connection_->FillTransmit(&batch, max_bytes) == wants,
          "a batch is filled if something waits and none is out");
  if (!wants) return;
  Require(!batch_ && !batch.empty() && connection_->in_flight(), "one batch is out, and not empty");
  batch_ = std::move(batch);
}

// 0: all of it is written. Up to 7: a part of it. Beyond: the write fails, behind a part.
void DrivenConnection::ReturnBatch(unsigned outcome) {
  if (!batch_) return;
  TransmitBatch batch = *std::exchange(batch_, std::nullopt);
  const std::size_t all = batch.remaining();
  const std::size_t written = outcome == 0 ? all : all * (outcome % 8) / 8;
  for (std::size_t left = written; left > 0;) {
    std::array<Bytes, 4> spans;
    const std::size_t count = batch.Spans(spans);
    Require(count > 0, "a batch has what remains");
    std::size_t here = 0;
    for (std::size_t i = 0; i < count && here < left; ++i) {
      const Bytes octets = spans[i].first(std::min(spans[i].size(), left - here));
      output_.Write(octets);
      here += octets.size();
    }
    batch.Advance(here);
    left -= here;
    connection_->OnWritten(batch.written(), now_);
  }
  Require(batch.written() == written, "a batch counts what was written");
  const bool fails = outcome >= 8;
  transport_ended_ = transport_ended_ || fails;
  connection_->ReturnBatch(std::move(batch), written,
                           fails ? absl::UnavailableError("broken pipe") : absl::OkStatus(), now_);
  Require(!connection_->in_flight(), "no batch is out");
  if (fails) {
    const Instant latest = now_ + std::max(options_.closing_timeout, kReadOn);
    Require(!connection_->wants_transmit(), "nothing is written behind a failed write");
    Require(connection_->done() || connection_->NextDeadline() <= latest, "it ends in time");
  }
  output_.Check(memory_.sent, PeersVersion());
}

// Calls with nothing in them, and a clock that looks before its time.
void DrivenConnection::Spurious() {
  if (!window_) {
    connection_->CommitRead(ReadWindow(), 0, now_);
    Require(connection_->Donate(Slice(), now_).ok(), "nothing can be donated");
  }
  const Instant deadline = connection_->NextDeadline();
  if (deadline <= now_) return;
  connection_->HandleTimeout(now_);
  Require(connection_->NextDeadline() == deadline, "what is not due is not done");
}

// A turn: everything that can be taken is taken, everything that can be written is written.
void DrivenConnection::Drain() {
  const std::size_t most = memory_.fed.size() + 8;
  std::size_t turns = 0;
  do {
    Require(++turns < most, "taking ends");
  } while (ReceiveOne() != Poll::kNeedData);
  while (connection_->Process(1000, now_)) Require(++turns < 2 * most, "looking ahead ends");
  TakeEvents();
  ReturnBatch(0);
  for (FillBatch(100'000); batch_; FillBatch(100'000)) {
    Require(++turns < 2 * most + memory_.sent.size() * 4 + 100, "writing ends");
    ReturnBatch(0);
  }
}

void DrivenConnection::CheckAlways() {
  Require(budget_->used() <= budget_->limit(), "the budget is kept");
  const ConnectionState state = connection_->state();
  Require(state >= state_, "states go one way");
  state_ = state;
  const absl::Status& status = connection_->status();
  Require(status.ok() == (state < ConnectionState::kClosing), "the end has a status");
  if (!ended_.ok()) Require(status == ended_, "the end's status stays");
  if (!status.ok() && ended_.ok()) {
    ended_ = status;
    fed_at_end_ = memory_.fed.size();
    Require(CauseOf(status) != Cause::kNone, "the end has a cause");
  }
  Require(!delivered_all_ || !connection_->delivering(), "delivery does not begin again");
  delivered_all_ = !status.ok() && !connection_->delivering();
  if (connection_->done()) {
    Require(connection_->read_hint().mode == ReadMode::kPaused, "nobody reads behind the end");
    Require(!connection_->wants_transmit(), "nobody writes behind the end");
  }
  Require(connection_->in_flight() == batch_.has_value(), "in_flight() knows");
}

// What was accepted and not begun comes back, in order; what was cut is counted. Subscriptions in
// the form of messages do not, the application's own among them: the next publisher is told anew.
void DrivenConnection::CheckUnsent() {
  output_.Check(memory_.sent, PeersVersion());
  if (!echoed_) Require(output_.needlessly_long() == 0, "short bodies go in short frames (F-2)");
  const bool told_by_messages =
      SendsSubscriptions(options_.socket_type) && PeersVersion() != PeerVersion::kZmtp31;
  const auto is_subscription = [&](std::size_t at) {
    const Bytes first = memory_.sent[at].bytes();
    return told_by_messages && !first.empty() && first[0] <= 1;
  };
  const std::size_t messages = output_.messages();
  const std::size_t cut = output_.cut() ? 1 : 0;
  Require(messages + cut <= memory_.sent.size(), "what was cut was accepted");
  std::size_t next = messages + cut;
  const auto skip_subscriptions = [&] {
    while (next < memory_.sent.size() && is_subscription(next)) ++next;
  };
  for (Message message; connection_->TakeUnsent(&message); ++next) {
    skip_subscriptions();
    Require(next < memory_.sent.size() && message == memory_.sent[next],
            "what comes back was accepted and not begun");
  }
  skip_subscriptions();
  Require(next == memory_.sent.size(), "everything that was not begun comes back");
  // A subscription is none that the application misses.
  const std::size_t counted = connection_->cut_messages();
  Require(counted == cut || (cut == 1 && counted == 0 && is_subscription(messages)),
          "what was cut is counted");
}

// Goes through the deadlines until nothing moves.
void DrivenConnection::Settle() {
  for (int i = 0; i < 8; ++i) {
    Drain();
    CheckAlways();
    const Instant deadline = connection_->NextDeadline();
    if (deadline.is_never()) return;
    now_ = std::max(now_, deadline);
    PassTime(absl::ZeroDuration());
  }
}

void DrivenConnection::Finish(Input* stream, bool close_first) {
  if (window_) connection_->CommitRead(*std::exchange(window_, std::nullopt), 0, now_);
  Feed(stream->Take(stream->size()));
  Settle();
  memory_.received.clear();
  budget_->set_limit(Budget::kUnlimited);
  PassTime(absl::Milliseconds(50));
  Settle();
  if (close_first) {
    connection_->Close(now_);
    CheckAlways();
    Drain();
    Require(connection_->done(), "a close is over once all is written");
    if (CauseOf(ended_) == Cause::kLocal && !transport_ended_ && !given_up_) {
      Require(output_.at_rest(), "a close writes whole frames");
    }
  }
  connection_->OnTransportClosed(absl::OkStatus(), now_);
  Drain();
  CheckAlways();
  Require(connection_->done() && told_closed_, "it is over, and the application knows");
  Require(!connection_->delivering(), "delivery is over");
  CheckDelivered();
  CheckUnsent();
}

}  // namespace monocoque::fuzz
