// What is modelled: a connection of STREAM, any octets in any pieces, messages of any sizes and
// short writes, with marks, little memory and a limit on messages, up to its end.
//
// What must hold: nothing is said and nothing expected before the first message. What is received
// is what came, no octet lost, added or out of place, in pieces within the limit; what is written
// is what was sent. Reading pauses at the mark and goes on once nothing is stored. After the end
// each message sent was written, is taken back whole and in order, or was cut, once. All memory
// comes back.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/pieces.h"
#include "fuzz/require.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/event.h"
#include "protocol/connection/options.h"
#include "protocol/drive/action.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace {

using monocoque::AsText;
using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::Connection;
using monocoque::ConnectionEvent;
using monocoque::ConnectionOptions;
using monocoque::Instant;
using monocoque::Message;
using monocoque::ReadMode;
using monocoque::SocketType;
using monocoque::TransmitBatch;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;
using monocoque::fuzz::Step;

class DrivenStream {
 public:
  DrivenStream(std::unique_ptr<Connection> connection, const ConnectionOptions& options, bool poor,
               Instant now)
      : connection_(std::move(connection)), options_(options), poor_(poor), now_(now) {}

  void Do(Step step, Input* octets) {
    switch (step.kind % 8) {
      case 0:
        Donate(octets->Take(step.bytes()));
        break;
      case 1:
        monocoque::fuzz::InPieces(octets->Take(64), step.amount, [&](monocoque::Slice piece) {
          Fed(piece.bytes());
          Require(connection_->Donate(std::move(piece), now_).ok(), "a piece is taken");
        });
        break;
      case 2:
        ReadIntoWindow(octets->Take(step.bytes()));
        break;
      case 3:
        for (unsigned i = 0; i <= step.amount && ReceiveOne(); ++i) {
        }
        break;
      case 4:
        if (!connection_->Process(step.amount, now_)) CheckPaused();
        break;
      case 5:
        Send(step.bytes(), 1 + step.amount % 3);
        break;
      case 6:
        Write(step.bytes(), step.amount == 15);
        break;
      default:
        now_ = now_ + step.duration();
        connection_->HandleTimeout(now_);
        break;
    }
    Check();
  }

  // Closed by us, the peer or a failed write; and what is left of it.
  void Finish(std::uint8_t how) {
    if (how % 2 == 0) connection_->OnTransportClosed(absl::OkStatus(), now_);
    if (how % 2 == 1) connection_->Close(now_);
    for (int i = 0; i < kMost && ReceiveOne(); ++i) {
    }
    if (how % 2 == 0) Require(received_ == fed_, "what came before the end is delivered");
    for (int i = 0; i < kMost && connection_->wants_transmit(); ++i) Write(1 << 20, false);
    Require(connection_->done(), "it comes to an end");
    std::size_t left = sent_.size();
    std::vector<std::string> unsent;
    for (Message message; connection_->TakeUnsent(&message);) unsent.emplace_back(message.text());
    Require(unsent.size() <= left, "no message comes from nowhere");
    left -= unsent.size();
    Require(std::equal(unsent.begin(), unsent.end(),
                       sent_.end() - static_cast<std::ptrdiff_t>(unsent.size())),
            "the last ones come back whole, in order");
    std::size_t octets = 0;
    for (std::size_t i = 0; i < left; ++i) octets += sent_[i].size();
    const bool cut = written_.size() < octets;
    Require(connection_->cut_messages() == (cut ? 1u : 0u), "one was cut, or none");
    if (cut) octets -= sent_[left - 1].size();
    Require(written_.size() >= octets, "all before it were written");
  }

 private:
  static constexpr int kMost = 1 << 20;

  // What comes behind our own end is thrown away.
  void Fed(Bytes octets) {
    if (connection_->status().ok()) fed_ += AsText(octets);
  }

  void Donate(Bytes octets) {
    Fed(octets);
    Require(connection_->Donate(monocoque::fuzz::InOwnBlock(octets), now_).ok(), "it is taken");
  }

  void ReadIntoWindow(Bytes octets) {
    const bool paused = connection_->read_hint().mode == ReadMode::kPaused;
    auto window = connection_->PrepareRead();
    if (!window.ok()) return Require(paused || poor_, "there is something to read into");
    Require(!paused, "not while reading is paused");
    octets = octets.first(std::min(octets.size(), window->span().size()));
    monocoque::fuzz::CopyOctets(octets, window->span());
    Fed(octets);
    connection_->CommitRead(*std::move(window), octets.size(), now_);
  }

  bool ReceiveOne() {
    Message message;
    switch (connection_->Receive(&message, now_)) {
      case monocoque::Poll::kMessage:
        Require(!message.multipart() && message.size() > 0, "octets, and no frames");
        Require(message.size() <= options_.limits.max_message_bytes, "the limit holds");
        received_ += message.text();
        return true;
      case monocoque::Poll::kEvent:
        TakeEvents();
        return true;
      case monocoque::Poll::kNeedData:
        Require(connection_->stored_bytes() == 0, "all there was is taken");
        Require(poor_ || connection_->read_hint().mode == ReadMode::kAny || connection_->done() ||
                    connection_->state() == monocoque::ConnectionState::kClosing,
                "with nothing stored, and memory, reading goes on");
        return false;
    }
    return false;
  }

  // Of marks that count octets, or one piece, what is stored tells whether they are reached.
  void CheckPaused() const {
    const monocoque::Mark mark = options_.receive_mark;
    const std::size_t stored = connection_->stored_bytes();
    const bool full =
        stored > 0 && (mark.messages == 1 || (mark.bytes != 0 && stored >= mark.bytes));
    Require(!full || connection_->read_hint().mode == ReadMode::kPaused,
            "reading pauses at the mark");
  }

  void TakeEvents() {
    for (ConnectionEvent event; connection_->NextEvent(&event);) {
      Require(event.kind == ConnectionEvent::Kind::kReady ||
                  event.kind == ConnectionEvent::Kind::kClosed,
              "there is no other event");
    }
  }

  void Send(std::size_t size, unsigned parts) {
    std::vector<std::string> bodies(parts);
    std::string all;
    for (std::size_t i = 0; i < parts; ++i) {
      bodies[i] = std::string(size / (i + 1), static_cast<char>('a' + sent_.size() % 26));
      all += bodies[i];
    }
    Message message(bodies[0]);
    for (std::size_t i = 1; i < parts; ++i) message.AddPart(bodies[i]);
    const bool full = !connection_->CanSend();
    const Message whole = message;
    const absl::Status status = connection_->Send(&message, now_);
    if (status.ok()) {
      Require(!full, "the mark holds");
      all_sent_ += all;
      if (!all.empty()) sent_.push_back(all);
    } else {
      Require(full || poor_, "it is refused for a reason");
      Require(message == whole, "a message that was refused is untouched");
    }
  }

  void Write(std::size_t count, bool fails) {
    TransmitBatch batch;
    if (!connection_->FillTransmit(&batch, count)) return;
    std::vector<Bytes> spans(batch.slices());
    batch.Spans(spans);
    const std::size_t before = written_.size();
    for (Bytes span : spans) written_ += AsText(span);
    const std::size_t take = std::min(count, written_.size() - before);
    written_.resize(before + take);
    connection_->ReturnBatch(std::move(batch), take,
                             fails ? absl::UnavailableError("cut") : absl::OkStatus(), now_);
  }

  void Check() const {
    Require(fed_.starts_with(received_), "what is received is what came");
    Require(all_sent_.starts_with(written_), "what is written is what was sent");
  }

  const std::unique_ptr<Connection> connection_;
  const ConnectionOptions options_;
  const bool poor_;
  Instant now_;
  std::string fed_, received_, all_sent_, written_;
  std::vector<std::string> sent_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  const std::uint8_t rules = input.Octet();
  const std::uint8_t end = input.Octet();
  constexpr std::array<monocoque::Mark, 4> kMarks = {
      monocoque::Mark{}, monocoque::Mark{.messages = 1}, monocoque::Mark{.messages = 3, .bytes = 0},
      monocoque::Mark{.messages = 0, .bytes = 99}};
  ConnectionOptions options;
  options.socket_type = SocketType::kStream;
  options.receive_mark = kMarks[rules & 3];
  options.send_mark = kMarks[rules >> 2 & 3];
  if ((rules & 16) != 0) {
    options.limits.max_message_bytes = static_cast<std::uint64_t>(std::max(rules >> 5, 1));
  }
  const bool poor = (end & 2) != 0;
  const BudgetPtr budget = Budget::Create(poor ? 16 * 1024 : Budget::kUnlimited);
  {
    const monocoque::Host host = monocoque::fuzz::RunHost(budget);
    auto made = Connection::Create(options, host);
    Require(made.ok(), "there is nothing to refuse");
    Require((*made)->state() == monocoque::ConnectionState::kTraffic && !(*made)->wants_transmit(),
            "it is in traffic, and says nothing");
    DrivenStream stream(*std::move(made), options, poor, host.now);
    Input script = input.Part();
    Input octets(input.Take(input.size()));
    while (!script.empty()) stream.Do(Step(script.Octet()), &octets);
    stream.Finish(end);
  }
  Require(budget->used() == 0, "all memory comes back");
  return 0;
}
