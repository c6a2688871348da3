#ifndef MONOCOQUE_PROTOCOL_CONNECTION_CONNECTION_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/byte_queue.h"
#include "alloc/prefetch.h"
#include "alloc/read_window.h"
#include "alloc/ring_queue.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/connection/box_reader.h"
#include "protocol/connection/event.h"
#include "protocol/connection/handshake.h"
#include "protocol/connection/heartbeat.h"
#include "protocol/connection/options.h"
#include "protocol/connection/peer_info.h"
#include "protocol/connection/reader.h"
#include "protocol/connection/reserve.h"
#include "protocol/connection/writer.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/message.h"

namespace monocoque {

enum class ConnectionState : std::uint8_t {
  kHandshake,  // greeting, mechanism, metadata
  kTraffic,    // messages and commands, both ways
  kClosing,  // over, but something is still to be written: an ERROR, or what was sent before Close
  kClosed,   // nothing to write; the transport may be closed
};

// What Receive stopped at.
enum class Poll {
  kMessage,
  kEvent,     // NextEvent has something
  kNeedData,  // nothing until more is read
};

// One ZMTP 3.1 byte stream: greeting, handshake, frames, commands, heartbeats, limits (RFC 37).
// Peers of 3.0, 2.0 and 1.0 are served too, in their own form; and with STREAM, octets of whoever
// speaks no ZMTP at all: in traffic from the start, each piece that came a message. No socket, no
// clock, no thread: octets and time go in, messages, events, octets and a deadline come out.
// Complete and usable alone; Socket drives many of them.
//
// Method kinds, in this order below: getters; facts (what the transport and the clock did); wishes
// (what the application wants); outputs, drained after facts and wishes. A turn:
//
//     c.CommitRead(std::move(window), n, now);  // or Donate, or OnTransportClosed
//     c.HandleTimeout(now);
//     for (Poll p; (p = c.Receive(&m, now)) != Poll::kNeedData;)
//       if (p == Poll::kMessage) Use(m); else while (c.NextEvent(&e)) Use(e);
//     while (c.FillTransmit(&batch, kMax)) {
//       n = Write(batch);
//       c.ReturnBatch(std::move(batch), n, ok, now);
//     }
//     wait until there is something to read or write, or c.NextDeadline()
//
// Contract: thread-compatible and never re-entrant. `now` never decreases. A call earlier or later
// than the deadline is harmless. A terminal status is sticky. Windows, batches and slices own their
// memory and may outlive the connection. A peer can cause a Status, never more.
//
// Invariant: whole messages received before the end are delivered, and nothing behind the end.
class alignas(kCacheLine) Connection {
 public:
  // Fails with a sentence if the options make no sense, or if there is no memory for the first
  // octets. `host.pool` and `host.entropy` must be set. `reserves`: for one message each way where
  // the budget is spent, shared with others; null: there is nothing beyond the budget.
  static absl::StatusOr<std::unique_ptr<Connection>> Create(
      const ConnectionOptions& options, const Host& host,
      std::shared_ptr<Reserves> reserves = nullptr);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // ---- Getters: any time, no effect ------------------------------------------------------------

  ConnectionState state() const { return state_; }
  bool done() const { return state_ == ConnectionState::kClosed; }
  // OK until the end; then why, for good, with a Cause.
  const absl::Status& status() const { return status_; }
  // What the peer told; complete from kTraffic on.
  const PeerInfo& peer() const { return handshake_.peer(); }
  ReadHint read_hint() const;
  // Is what it holds held against a limit? Windows are; what is donated is its donor's.
  bool budgeted() const { return budget_ && budget_->limited(); }
  // Would Send take a message now?
  bool CanSend() const {
    return state_ == ConnectionState::kTraffic && !send_starved_ && !at_send_mark();
  }
  // A PING came, which changed NextDeadline, and its PONG may wait: until FillTransmit.
  bool pinged() const { return pinged_; }
  // Memory was refused: NextDeadline says when it is asked for again.
  bool starved() const { return !starved_until_.is_never(); }
  // Messages and octets accepted and not yet handed to a batch.
  std::size_t unsent_messages() const { return writer_.unfilled_messages(); }
  std::size_t unsent_bytes() const { return writer_.unfilled_bytes(); }
  bool in_flight() const { return writer_.in_flight(); }
  // Nothing more is written: see ReturnBatch.
  bool write_failed() const { return write_failed_; }
  // Receive may still give messages: in traffic, and past the end while whole ones are left.
  bool delivering() const { return delivering_; }
  // Something waits for FillTransmit.
  bool wants_transmit() const {
    return !transport_closed_ && !write_failed_ && !writer_.in_flight() &&
           writer_.unfilled_bytes() > 0;
  }
  // Receive comes soon, and an answer by Send, it may be: what they read first; then, once that is
  // here, the octets to take and the room to write to.
  void PrefetchState() const {
    PrefetchTwo(this);
    writer_.PrefetchState();
  }
  void PrefetchOctets() const {
    PrefetchTwo(reader_.input().contiguous().data());
    writer_.PrefetchRoom();
  }
  // Octets received and not yet taken by Receive.
  std::size_t stored_bytes() const {
    return reader_.stored_bytes() + (boxes_ == nullptr ? 0 : boxes_->stored_bytes());
  }
  // Whole messages known to lie untaken; Process finds them.
  std::size_t stored_messages() const { return reader_.ahead(); }
  // Process stopped at the mark, and so much of what it saw was taken since that it is to go on:
  // until then nothing is read, since nobody knows how much is here.
  bool wants_look() const {
    return unseen_ && reader_.ahead() * 2 < options_.receive_mark.messages;
  }
  const Limits& limits() const { return options_.limits; }
  // In traffic, and messages that others encoded, in frames of ZMTP 2.0 on, may be sent as they
  // are.
  bool shares_encoding() const { return shares_encoding_; }
  // Messages that had begun and were cut off by the end; counted by TakeUnsent.
  std::size_t cut_messages() const { return writer_.cut_messages(); }

  // ---- Facts -----------------------------------------------------------------------------------

  // Memory to read into: a slab, less where the budget refuses that. Unavailable while reading is
  // paused, or if there is none, which pauses it for a while; a failed precondition while another
  // window is out.
  absl::StatusOr<ReadWindow> PrepareRead();
  // The window comes back with `bytes` octets filled; 0: it is only given back. Stores, nothing
  // more.
  void CommitRead(ReadWindow window, std::size_t bytes, Instant now);
  // Octets in the adapter's own memory. A failed precondition while a window is out. Stores.
  absl::Status Donate(Slice octets, Instant now);
  // The transport ended; `why` is OK for an orderly end of stream. What was received stays to be
  // taken.
  void OnTransportClosed(absl::Status why, Instant now);
  // Does what is due; harmless at any time.
  void HandleTimeout(Instant now);

  // ---- Wishes ----------------------------------------------------------------------------------

  // Takes the message (it is empty then), or leaves it untouched: unavailable before the
  // handshake's end, at the send mark and for want of memory, else the terminal status. `prefix`:
  // frames in wire form, each with MORE, that go in front of it.
  absl::Status Send(Message* message, Instant now, Bytes prefix = {}) {
    if (!SendCopy(*message, prefix)) [[unlikely]]
      return SendRefused(now);
    message->Clear();
    return absl::OkStatus();
  }
  // As Send for a message that stays: false where Send would refuse.
  bool SendCopy(const Message& message, Bytes prefix = {}) {
    if (!shares_encoding_ || send_starved_) [[unlikely]]
      return SendAnew(message, prefix);
    return !at_send_mark() && (writer_.Append(message, prefix) || SendStarved(message, prefix));
  }
  // Whole messages, encoded already, by reference, on a link that shares_encoding() or did until
  // its end; nothing happens on others. The caller looks at the mark. Behind the end they are
  // written if something else still is, or else come back by TakeUnsent.
  void SendEncoded(Slice frames, std::size_t messages);
  // The answer to kAuthenticate. Ignored if it is late, or nobody asked.
  void Authorize(const AuthVerdict& verdict, Instant now);
  // While held nothing is read beyond the handshake and Process looks no further, whatever the
  // marks say.
  void Hold(bool on) { held_ = on; }
  // Asks the peer, a publisher, for messages that begin with `prefix`, or for no more of them; in
  // the form its version knows (S-1). Not subject to the mark. Unavailable before the handshake's
  // end.
  absl::Status SendSubscription(bool subscribe, Bytes prefix, Instant now);
  // The same for a group that is joined or left, of a peer that is a RADIO.
  absl::Status SendGroup(bool join, std::string_view group);
  // A message of one part that goes out before all others, at the beginning of traffic: it counts
  // for no mark and is not among the unsent ones, since it is said anew on the next connection.
  // False if memory is refused.
  bool SendFirst(Bytes body);
  // The pattern above found that the peer broke its rules or must be refused: tells the peer by
  // ERROR with `reason` (cut to 255 octets; empty, within the greeting, to a peer that knows none,
  // or as a mechanism's client: no ERROR) and closes with `why`. Nothing more of it is delivered,
  // also if it is over already; then the end stays what it was.
  void Fail(absl::Status why, std::string_view reason, Instant now);
  // Messages will be given a routing id of so many octets: their inside leaves room for it.
  void LeaveRoom(std::size_t routing_id_bytes) { reader_.LeaveRoom(routing_id_bytes); }
  // Ends the connection here: what was sent is still written, what was received is dropped.
  void Close(Instant now);
  // The caller decides how long what was sent may take: closing_timeout counts no more.
  void Linger();

  // ---- Outputs ---------------------------------------------------------------------------------

  // The next message, taken as it is decoded: the fast way. kEvent: drain NextEvent, then go on.
  // Before traffic it goes on with the handshake.
  Poll Receive(Message* out, Instant now) {
    if (!open_) [[unlikely]]
      return ReceiveShut(now);
    const Reader::Result result = reader_.Next(out);
    if (result == Reader::Result::kMessage && !sees_subscriptions_) [[likely]]
      return Poll::kMessage;
    return ReceiveSlow(result, out, now);
  }
  // Goes on with the handshake and looks ahead over up to `max_frames` frames that Receive has not
  // taken, so that no command waits behind a message: for who takes no message for a while, at its
  // mark, say. True: more is left to look at.
  bool Process(std::size_t max_frames, Instant now);
  bool NextEvent(ConnectionEvent* out);
  // Moves up to `max_bytes` octets to write into `batch`; false if there are none or a batch is
  // out.
  bool FillTransmit(TransmitBatch* batch, std::size_t max_bytes);
  // Of the batch that is out so many octets have left, all in all: the peer takes something, though
  // it may be long until the batch is back.
  void OnWritten(std::size_t written, Instant now);
  // The batch is back: `written` of its octets left. After a failed status nothing more is written,
  // and what is sent waits for TakeUnsent; but it is read on: what the peer sent before it went is
  // still there. The end comes by OnTransportClosed, or after closing_timeout, 30 s if that is
  // zero.
  void ReturnBatch(TransmitBatch batch, std::size_t written, absl::Status status, Instant now);
  // When HandleTimeout wants to be called; may be early, is never late.
  Instant NextDeadline() const;
  // After the end and with no batch out: the next message that was sent and had not begun, in
  // order, its prefix as its first parts. False when there are no more.
  bool TakeUnsent(Message* out);

 private:
  Connection(const ConnectionOptions& options, const Host& host,
             std::shared_ptr<Reserves> reserves);

  bool at_send_mark() const {
    return send_mark_.Reached(writer_.unfilled_messages(), writer_.unfilled_bytes());
  }
  // Not written yet, as far as we were told.
  std::size_t unwritten_bytes() const { return writer_.unwritten_bytes() - told_written_; }
  absl::Status SendRefused(Instant now);
  bool SendAnew(const Message& message, Bytes prefix);
  bool Encode(const Message& message, Bytes prefix);
  Poll ReceiveClosed() const { return events_.empty() ? Poll::kNeedData : Poll::kEvent; }
  Poll ReceiveShut(Instant now);
  Poll ReceiveSlow(Reader::Result result, Message* out, Instant now);
  void AdvanceHandshake(Instant now);
  void FollowHandshake(Handshake::Result result, std::string* out, Instant now);
  void BeginTraffic(Instant now);
  void OnActivity();
  ByteQueue& incoming() { return boxes_ == nullptr ? reader_.input() : boxes_->received(); }
  void BeginBoxes(std::unique_ptr<CurveSession> session);
  BoxReader::Result OpenBoxes(std::size_t max_frames);
  bool LookOn(std::size_t max_frames, Instant now);
  bool FindWhole();
  void Push(ConnectionEvent event);

  // connection_end.cc
  void Violation(std::string_view sentence);
  void Lose(std::string_view sentence);
  // Ends the connection: sticky status, last event; what is queued is still written.
  void End(absl::Status why);
  void StopDelivering();
  void RenewClosing();
  void OnWriteFailed(absl::Status why, Instant now);
  void SettleClosing();

  // connection_memory.cc
  ReadWindow AcquireWindow();
  bool MayHaveWhole() const;
  std::size_t WantedBytes() const;
  bool SendStarved(const Message& message, Bytes prefix);
  bool BorrowToSend();
  void ReturnToSend();
  bool BorrowToRead();
  void SettleReserve();
  void ReturnToRead();
  void Starve(bool* way);

  // connection_commands.cc
  bool TakeSubscription(const Message& message);
  void OnSubscription(bool subscribe, Bytes prefix);
  void OnCommand(Instant now);
  absl::Status JudgeCommand();
  void OnPing(Bytes data, Instant now);
  bool SendOctets(std::string_view octets);
  void AppendFrame(std::string* octets, Bytes lead, Bytes body) const;

  // What each message needs lies in front.
  ConnectionState state_ = ConnectionState::kHandshake;
  // Receive may take messages: from kTraffic on, past the end while some are left; and `open_`, if
  // no event has to be seen first.
  bool delivering_ = false;
  bool open_ = false;
  const bool sees_subscriptions_;
  bool shares_encoding_ = false;
  bool plain_frames_ = false;  // the same past the end, too
  bool pinged_ = false;
  bool transport_closed_ = false;
  bool write_failed_ = false;
  bool lingers_ = false;
  bool held_ = false;
  bool paused_ = false;  // the receive mark was reached when Process looked last
  bool unseen_ = false;  // Process stopped at the mark, in front of what may be more messages
  bool behind_ = false;  // Process left frames that it has not looked at
  // Memory was refused, for what is sent or for what is read: asked for again at starved_until_.
  bool send_starved_ = false;
  bool read_starved_ = false;
  const Mark send_mark_;
  Reader reader_;
  Writer writer_;

  const ConnectionOptions options_;
  std::shared_ptr<SlabPool> pool_;
  BudgetPtr budget_;
  std::unique_ptr<BoxReader> boxes_;  // in traffic, of an encrypted link
  Handshake handshake_;
  Heartbeat heartbeat_;
  absl::Status status_;
  Instant handshake_deadline_;
  Instant closing_deadline_ = Instant::Never();
  absl::Status write_error_;      // if write_failed_
  std::size_t told_written_ = 0;  // of the batch that is out
  // What is to be written until the last answer to a PING is; and, until then, what such answers
  // have, which is never much more than their limit.
  std::size_t pong_end_ = 0;
  std::uint32_t pong_bytes_ = 0;
  bool window_out_ = false;
  bool borrowing_ = false;  // what is received has the reserve
  Instant starved_until_ = Instant::Never();
  Instant clock_;  // of the last turn
  std::shared_ptr<Reserves> reserves_;
  RingQueue<ConnectionEvent> events_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_CONNECTION_H_
