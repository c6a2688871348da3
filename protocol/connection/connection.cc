#include "protocol/connection/connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "alloc/secret.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/command.h"
#include "protocol/wire/metadata.h"

namespace monocoque {
namespace {

// A frame that lacks at least this much is read straight into its own block.
constexpr std::size_t kDirectBytes = 64 * 1024;
// Boxes that are opened ahead of what Receive gives.
constexpr std::size_t kBoxesAtATime = 256;
// Commands count for no mark. Octets that may lie here while Process has not come to their end,
// which it may do more slowly than they come; and of commands between the parts of a message that
// is not whole yet.
constexpr std::size_t kMaxCommandBacklog = 1024 * 1024;
// Events that a link keeps room for.
constexpr std::size_t kRestingEvents = 64;
constexpr std::string_view kNoMemory = "no memory for what the handshake has to say";

absl::Status CheckOptions(const ConnectionOptions& options) {
  if (!IdentityFits(options.routing_id)) {
    return absl::InvalidArgumentError(
        "connection: a routing id has at most 255 octets, the first of them not zero");
  }
  if (absl::Status fits = CheckCommon({.socket_type = options.socket_type,
                                       .routing_id = options.routing_id,
                                       .mechanism = options.mechanism,
                                       .handshake_timeout = options.handshake_timeout,
                                       .closing_timeout = options.closing_timeout,
                                       .heartbeat = options.heartbeat,
                                       .limits = options.limits,
                                       .properties = options.properties});
      !fits.ok()) {
    return fits;
  }
  return CheckMechanism(options.mechanism);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Create(const ConnectionOptions& options,
                                                               const Host& host,
                                                               std::shared_ptr<Reserves> reserves) {
  if (absl::Status fits = CheckHost(host, "connection"); !fits.ok()) return fits;
  if (absl::Status fits = CheckOptions(options); !fits.ok()) return fits;
  std::unique_ptr<Connection> made(new Connection(options, host, std::move(reserves)));
  const bool greets = made->state() == ConnectionState::kHandshake;
  if (greets && !made->wants_transmit()) return TerminalStatus(Cause::kLimit, kNoMemory);
  return made;
}

Connection::Connection(const ConnectionOptions& options, const Host& host,
                       std::shared_ptr<Reserves> reserves)
    : sees_subscriptions_(TakesSubscriptions(options.socket_type)),
      send_mark_(options.send_mark),
      reader_(options.limits, host.budget, host.pool),
      writer_(host.pool, host.budget),
      options_(options),
      pool_(host.pool),
      budget_(host.budget),
      handshake_(options_, host.entropy),
      heartbeat_(options.heartbeat),
      handshake_deadline_(options.handshake_timeout > absl::ZeroDuration()
                              ? host.now + options.handshake_timeout
                              : Instant::Never()),
      clock_(host.now),
      reserves_(std::move(reserves)) {
  std::string signature;
  handshake_.Start(&signature);
  SendOctets(signature);
  if (handshake_.framing() == Framing::kRaw) BeginTraffic(host.now);
}

Connection::~Connection() { ReturnToRead(); }

ReadHint Connection::read_hint() const {
  const bool handshake = state_ == ConnectionState::kHandshake;
  if (transport_closed_ || state_ == ConnectionState::kClosed || read_starved_ ||
      (held_ && !handshake)) {
    return {ReadMode::kPaused, 0};
  }
  if (state_ != ConnectionState::kTraffic) {
    // While somebody decides about the peer, what it says beyond the handshake waits with it.
    const bool full = handshake_.asking() && stored_bytes() >= options_.limits.max_handshake_bytes;
    return {full ? ReadMode::kPaused : ReadMode::kAny, 0};
  }
  if (unseen_) return {ReadMode::kPaused, 0};
  const std::size_t messages = reader_.ahead();
  // A link with no whole message stored is never paused by its mark. Once paused, it waits until
  // half of the mark is gone.
  const std::size_t scale = paused_ ? 2 : 1;
  if (messages > 0 && options_.receive_mark.Reached(messages * scale, stored_bytes() * scale)) {
    return {ReadMode::kPaused, 0};
  }
  if ((behind_ && stored_bytes() >= kMaxCommandBacklog) ||
      reader_.passed_bytes() >= kMaxCommandBacklog) {
    return {ReadMode::kPaused, 0};
  }
  if (reader_.lacking() >= kDirectBytes && reader_.input().empty() && boxes_ == nullptr) {
    return {ReadMode::kDirect, reader_.lacking()};
  }
  return {ReadMode::kAny, 0};
}

absl::StatusOr<ReadWindow> Connection::PrepareRead() {
  if (window_out_) return absl::FailedPreconditionError("read: a window is out already");
  const ReadHint hint = read_hint();
  if (hint.mode == ReadMode::kPaused) return absl::UnavailableError("");
  absl::StatusOr<ReadWindow> window = absl::UnavailableError("");
  if (hint.mode == ReadMode::kDirect) {
    window = reader_.PrepareDirect();
    if (!window.ok() && BorrowToRead()) window = reader_.PrepareDirect();
  } else if (ReadWindow anew = AcquireWindow()) {
    window = std::move(anew);
  }
  window_out_ = window.ok();
  if (!window_out_) Starve(&read_starved_);
  return window;
}

void Connection::CommitRead(ReadWindow window, std::size_t bytes, Instant now) {
  clock_ = now;
  window_out_ = false;
  if (bytes == 0 || !window) return;
  if (reader_.owns(window)) {
    reader_.CommitDirect(std::min(bytes, window.span().size()));
  } else if (state_ != ConnectionState::kClosed) {
    incoming().Append(std::move(window).Commit(bytes));
  }
  OnActivity();
}

absl::Status Connection::Donate(Slice octets, Instant now) {
  clock_ = now;
  if (window_out_) return absl::FailedPreconditionError("donate: a window is out");
  if (octets.empty() || state_ == ConnectionState::kClosed) return absl::OkStatus();
  incoming().Append(std::move(octets));
  OnActivity();
  return absl::OkStatus();
}

void Connection::OnActivity() {
  if (state_ == ConnectionState::kClosing) incoming().Clear();
  heartbeat_.OnActivity();
}

void Connection::HandleTimeout(Instant now) {
  clock_ = now;
  if (state_ == ConnectionState::kHandshake && now >= handshake_deadline_) {
    End(TerminalStatus(Cause::kTimeout,
                       absl::StrCat("the handshake took too long (", handshake_.Where(), ")")));
    transport_closed_ = true;  // nothing more is written to a peer that does not answer
    SettleClosing();
    return;
  }
  if (now >= closing_deadline_) OnTransportClosed(absl::OkStatus(), now);  // it takes nothing
  // For want of memory, too: what the peer said meanwhile is not known.
  const bool paused = read_hint().mode == ReadMode::kPaused;
  if (now >= starved_until_) {
    starved_until_ = Instant::Never();
    read_starved_ = send_starved_ = false;
  }
  if (state_ != ConnectionState::kTraffic) return;
  for (;;) {
    switch (heartbeat_.Next(now, paused)) {
      case Heartbeat::Due::kNothing:
        return;
      case Heartbeat::Due::kPing: {
        std::string ping;
        AppendPing(&ping, options_.heartbeat.sent_ttl(), {});
        SendOctets(ping) ? heartbeat_.OnPingSent(unwritten_bytes()) : heartbeat_.OnPingNotSent();
        break;
      }
      case Heartbeat::Due::kExpired:
        Lose("nothing came after our PING");
        return;
      case Heartbeat::Due::kTtl:
        Lose("nothing came within the time to live the peer asked for");
        return;
    }
  }
}

absl::Status Connection::SendRefused(Instant /*now*/) {
  if (!status_.ok()) return status_;
  return absl::UnavailableError("");
}

// Frames of 1.0, boxes and raw octets are of no use to others, and theirs are of none here. After a
// refusal of memory nothing is taken before it is asked for again, not even what would find room.
bool Connection::SendAnew(const Message& message, Bytes prefix) {
  if (!CanSend()) return false;
  return Encode(message, prefix) || SendStarved(message, prefix);
}

// False if memory is refused; then nothing was appended.
bool Connection::Encode(const Message& message, Bytes prefix) {
  if (shares_encoding_) return writer_.Append(message, prefix);
  if (boxes_ != nullptr) return writer_.AppendSealed(message, prefix, boxes_->session());
  if (handshake_.framing() == Framing::kRaw) return writer_.AppendRawMessage(message);
  return writer_.AppendZmtp10(message, prefix);
}

void Connection::SendEncoded(Slice frames, std::size_t messages) {
  if (!plain_frames_) return;
  if (state_ == ConnectionState::kClosed) transport_closed_ = true;  // it is not written any more
  writer_.AppendEncoded(std::move(frames), messages);
}

void Connection::AdvanceHandshake(Instant now) {
  std::string out;
  const Handshake::Result result = handshake_.Advance(&reader_.input(), &out);
  FollowHandshake(result, &out, now);
  // A peer that is slow, and not known yet, keeps no window for each of its octets.
  if (state_ == ConnectionState::kHandshake) incoming().Compact(nullptr, budget_.get());
}

void Connection::Authorize(const AuthVerdict& verdict, Instant now) {
  if (state_ != ConnectionState::kHandshake || !handshake_.asking()) return;
  clock_ = now;
  std::string out;
  const Handshake::Result result = handshake_.Authorize(verdict, &reader_.input(), &out);
  FollowHandshake(result, &out, now);
}

void Connection::FollowHandshake(Handshake::Result result, std::string* out, Instant now) {
  const bool queued = SendOctets(*out);
  Wipe(out);  // credentials, it may be
  if (auto request = handshake_.TakeRequest()) {
    Push({ConnectionEvent::Kind::kAuthenticate, {}, {}, std::move(request)});
  }
  if (result == Handshake::Result::kFailed) {
    End(handshake_.status());
    SettleClosing();
  } else if (!queued) {
    End(TerminalStatus(Cause::kLimit, kNoMemory));
    transport_closed_ = true;  // what follows would be read wrongly
    SettleClosing();
  } else if (result == Handshake::Result::kDone) {
    BeginTraffic(now);
  }
}

void Connection::BeginTraffic(Instant now) {
  const Framing framing = handshake_.framing();
  state_ = ConnectionState::kTraffic;
  handshake_deadline_ = Instant::Never();
  reader_.set_framing(framing);
  if (options_.socket_type == SocketType::kDish) reader_.set_grouped();
  if (sees_subscriptions_) reader_.set_keeps_order();
  if (auto session = handshake_.TakeSession()) BeginBoxes(std::move(session));
  plain_frames_ = framing != Framing::kZmtp10 && framing != Framing::kRaw && boxes_ == nullptr;
  shares_encoding_ = plain_frames_;
  if (framing == Framing::kZmtp30) heartbeat_.Start(now);  // H-10
  delivering_ = open_ = true;
  Push({ConnectionEvent::Kind::kReady, {}, {}});
  // S-9: it may never say what it wants.
  if (framing == Framing::kZmtp10 && sees_subscriptions_) OnSubscription(true, {});
}

// What came right behind the handshake is in boxes already.
void Connection::BeginBoxes(std::unique_ptr<CurveSession> session) {
  boxes_ = std::make_unique<BoxReader>(std::move(session), options_.limits, pool_, budget_);
  while (!reader_.input().empty()) {
    const std::size_t here = reader_.input().contiguous().size();
    boxes_->received().Append(reader_.input().Share(0, here));
    reader_.input().Advance(here);
  }
}

BoxReader::Result Connection::OpenBoxes(std::size_t max_frames) {
  BoxReader::Result result = boxes_->Open(max_frames, &reader_.input());
  if (result == BoxReader::Result::kNoMemory && !MayHaveWhole() && BorrowToRead()) {
    boxes_->set_reserve(reserves_->receiving.budget());
    result = boxes_->Open(1, &reader_.input());
    boxes_->set_reserve(nullptr);
  }
  if (result == BoxReader::Result::kNoMemory) Starve(&read_starved_);
  if (result == BoxReader::Result::kError) Violation(boxes_->violation());
  return result;
}

bool Connection::Process(std::size_t max_frames, Instant now) {
  clock_ = now;
  const bool more = LookOn(max_frames, now);
  SettleReserve();
  return more;
}

bool Connection::LookOn(std::size_t max_frames, Instant now) {
  if (state_ == ConnectionState::kHandshake) AdvanceHandshake(now);
  if (state_ != ConnectionState::kTraffic || held_) return false;
  bool more = false;
  if (boxes_ != nullptr) {
    more = OpenBoxes(max_frames) == BoxReader::Result::kOpened;
    if (state_ != ConnectionState::kTraffic) return false;
    boxes_->Compact();
  }
  for (;;) {
    const std::size_t mark = options_.receive_mark.messages != 0
                                 ? options_.receive_mark.messages
                                 : std::numeric_limits<std::size_t>::max();
    const Reader::Result result = reader_.LookAhead(&max_frames, mark);
    if (result == Reader::Result::kCommand) {
      OnCommand(now);
      if (state_ != ConnectionState::kTraffic) return false;
      continue;
    }
    if (result == Reader::Result::kError) {
      Violation(reader_.ahead_violation().empty() ? reader_.status().message()
                                                  : reader_.ahead_violation());
      return false;
    }
    more = more || max_frames == 0;
    break;
  }
  behind_ = more;
  unseen_ = false;
  paused_ = read_hint().mode == ReadMode::kPaused;
  const std::size_t mark = options_.receive_mark.messages;
  unseen_ = mark != 0 && reader_.ahead() >= mark && !reader_.saw_all();
  if (!more) reader_.Compact();
  return more;
}

// Is a whole message here? Or may one be, in boxes for which there is no memory now? Counts all
// that are not in boxes: marks and figures want to know.
bool Connection::FindWhole() {
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  auto opened = boxes_ == nullptr ? BoxReader::Result::kNeedData : BoxReader::Result::kOpened;
  for (;;) {
    std::size_t frames = kAll;
    while (reader_.LookAhead(&frames, kAll) == Reader::Result::kCommand && JudgeCommand().ok()) {
    }
    if (reader_.ahead() > 0 || opened == BoxReader::Result::kNoMemory) return true;
    if (opened != BoxReader::Result::kOpened) return false;
    opened = boxes_->Open(kBoxesAtATime, &reader_.input());
  }
}

Poll Connection::ReceiveShut(Instant now) {
  if (state_ == ConnectionState::kHandshake) {
    clock_ = now;
    AdvanceHandshake(now);
  }
  return ReceiveClosed();
}

Poll Connection::ReceiveSlow(Reader::Result result, Message* out, Instant now) {
  SettleReserve();
  for (;;) {
    switch (result) {
      case Reader::Result::kMessage:
        if (!sees_subscriptions_ || !TakeSubscription(*out)) return Poll::kMessage;
        break;
      case Reader::Result::kCommand:
        if (state_ == ConnectionState::kTraffic) {
          OnCommand(now);
        } else if (!JudgeCommand().ok()) {
          StopDelivering();
        }
        break;
      case Reader::Result::kNoMemory:
        // Past the end what is not whole never will be.
        if (state_ != ConnectionState::kTraffic && !FindWhole()) {
          StopDelivering();
          return ReceiveClosed();
        }
        if (BorrowToRead()) result = reader_.Next(out);
        if (result != Reader::Result::kNoMemory) continue;
        clock_ = now;
        Starve(&read_starved_);
        return ReceiveClosed();
      case Reader::Result::kError:
        Violation(reader_.status().message());
        StopDelivering();
        return ReceiveClosed();
      case Reader::Result::kNeedData:
        if (boxes_ != nullptr) {
          const std::size_t before = stored_bytes();
          const BoxReader::Result opened = OpenBoxes(kBoxesAtATime);
          if (opened == BoxReader::Result::kNoMemory) return ReceiveClosed();
          if (stored_bytes() != before) break;
        }
        unseen_ = false;
        if (state_ != ConnectionState::kTraffic) StopDelivering();
        return ReceiveClosed();
    }
    if (!open_) return ReceiveClosed();
    result = reader_.Next(out);
  }
}

void Connection::Push(ConnectionEvent event) {
  events_.push_back(std::move(event));
  open_ = false;
}

bool Connection::NextEvent(ConnectionEvent* out) {
  if (events_.empty()) return false;
  *out = events_.take_front();
  // Most links have nothing more to tell than that they are ready; and who told of much at once
  // does not keep the room for it.
  if (out->kind == ConnectionEvent::Kind::kReady || events_.capacity() > kRestingEvents) {
    events_.Shrink();
  }
  if (events_.empty() || events_.front().kind == ConnectionEvent::Kind::kClosed) {
    open_ = delivering_;
  }
  return true;
}

bool Connection::FillTransmit(TransmitBatch* batch, std::size_t max_bytes) {
  pinged_ = false;
  if (!wants_transmit()) return false;
  *batch = writer_.TakeSpare();
  return writer_.Fill(batch, max_bytes);
}

void Connection::OnWritten(std::size_t written, Instant now) {
  clock_ = now;
  if (!writer_.in_flight() || written <= told_written_) return;
  const std::size_t more = written - std::exchange(told_written_, written);
  heartbeat_.OnWritten(more, now);
  pong_end_ -= std::min(pong_end_, more);
  if (pong_end_ == 0) pong_bytes_ = 0;
  if (state_ == ConnectionState::kClosing) RenewClosing();
}

void Connection::ReturnBatch(TransmitBatch batch, std::size_t written, absl::Status status,
                             Instant now) {
  OnWritten(written, now);
  told_written_ = 0;
  writer_.Return(std::move(batch), written);
  if (!status.ok()) {
    OnWriteFailed(std::move(status), now);
    return;
  }
  if (boxes_ != nullptr && !boxes_->session()->CanSeal(1)) {
    // V-9. The next connection has keys of its own.
    End(TerminalStatus(Cause::kTransport, "all nonces of this connection are used up"));
  }
  SettleClosing();
}

Instant Connection::NextDeadline() const {
  if (state_ == ConnectionState::kHandshake) {
    return std::min({handshake_deadline_, starved_until_, closing_deadline_});
  }
  if (state_ == ConnectionState::kTraffic) {
    return std::min({heartbeat_.deadline(), starved_until_, closing_deadline_});
  }
  // What is here already is still delivered, once there is memory for it.
  const Instant memory = delivering_ ? starved_until_ : Instant::Never();
  return state_ == ConnectionState::kClosing ? std::min(memory, closing_deadline_) : memory;
}

}  // namespace monocoque
