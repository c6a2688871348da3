// What is modelled: a stream of frames, any octets, that reaches the reader in pieces: donated
// slices with a block each, several slices of one block, windows that are only partly filled, reads
// straight into a frame's own block. Taking and looking ahead go on in between, in any order, and
// now and then memory is refused. The first two octets choose limits, memory and the version's
// frames, the next part is the script, run over and over; the rest is the stream.
//
// What must hold: whatever the pieces and the order, a plain reading of the whole stream finds the
// same messages and the same violation, and each command is handed out once, in order; looking
// ahead counts exactly the whole messages that are there; a refusal of memory loses nothing; a size
// field alone takes no memory; and in the end none is held.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/pieces.h"
#include "fuzz/plain_reader.h"
#include "fuzz/require.h"
#include "protocol/connection/reader.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

namespace {

using monocoque::AsText;
using monocoque::Block;
using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::Framing;
using monocoque::Limits;
using monocoque::Message;
using monocoque::MutableBytes;
using monocoque::Reader;
using monocoque::ReadWindow;
using monocoque::Slice;
using monocoque::fuzz::CopyOctets;
using monocoque::fuzz::InOwnBlock;
using monocoque::fuzz::InPieces;
using monocoque::fuzz::Input;
using monocoque::fuzz::PlainReader;
using monocoque::fuzz::Require;
using monocoque::fuzz::SameParts;
using monocoque::fuzz::Step;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kWindowBytes = 4096;
// A longer one shows nothing that a short one does not.
constexpr std::size_t kMaxStream = 1000;

Limits LimitsFrom(std::uint8_t octet) {
  Limits limits;
  // The default takes blocks of a mebibyte, which is slow: for some inputs only.
  if ((octet & 64) == 0) limits.max_frame_bytes = 100'000;
  if ((octet & 1) != 0) limits.max_frame_bytes = 300;
  if ((octet & 2) != 0) limits.max_message_bytes = 400;
  if ((octet & 4) != 0) limits.max_parts = 3;
  if ((octet & 8) != 0) limits.max_command_bytes = 20;
  return limits;
}

Framing FramingFrom(std::uint8_t rules, std::uint8_t memory) {
  if ((rules & 128) == 0) return Framing::kZmtp30;
  return memory % 2 == 0 ? Framing::kZmtp20 : Framing::kZmtp10;
}

class Reading {
 public:
  Reading(const Limits& limits, Framing framing, const BudgetPtr& budget, Bytes stream)
      : stream_(stream),
        budget_(budget),
        reader_(limits, budget_, monocoque::fuzz::RunPool()),
        there_(limits, 0, framing),
        next_message_(limits, 0, framing),
        next_command_(limits, 0, framing) {
    reader_.set_framing(framing);
  }

  void LeaveRoom(std::size_t bytes) { reader_.LeaveRoom(bytes); }
  std::size_t fed() const { return fed_; }
  bool all_fed() const { return fed_ == stream_.size(); }
  void Do(Step step);
  void Finish();

 private:
  void Donate(std::size_t count);
  void DonateInPieces(std::size_t count, std::size_t each);
  void ReadWindowed(std::size_t count);
  void ReadDirectly(std::size_t count, bool busy_meanwhile);
  bool TakeOne();
  void TakeAll();
  void LookAhead(std::size_t frames, std::size_t messages);
  void LookAtAll();
  void CheckCommand();
  void CountWhatIsThere();
  Bytes NextOctets(std::size_t count) {
    const Bytes octets = stream_.subspan(fed_, std::min(count, stream_.size() - fed_));
    fed_ += octets.size();
    return octets;
  }

  const Bytes stream_;
  BudgetPtr budget_;
  Reader reader_;
  std::size_t fed_ = 0;
  std::vector<Message> taken_;
  std::size_t commands_ = 0;

  // Reads what was fed so far.
  PlainReader there_;
  std::size_t whole_messages_ = 0;
  std::size_t whole_commands_ = 0;
  bool violated_ = false;
  // Read the whole stream.
  PlainReader next_message_;
  PlainReader next_command_;
};

void Reading::Donate(std::size_t count) { reader_.input().Append(InOwnBlock(NextOctets(count))); }

void Reading::DonateInPieces(std::size_t count, std::size_t each) {
  InPieces(NextOctets(count), each,
           [this](Slice piece) { reader_.input().Append(std::move(piece)); });
}

void Reading::ReadWindowed(std::size_t count) {
  const Bytes octets = NextOctets(std::min(count, kWindowBytes));
  ReadWindow window(Block::Allocate(kWindowBytes, nullptr), 0, kWindowBytes);
  CopyOctets(octets, window.span());
  reader_.input().Append(std::move(window).Commit(octets.size()));
}

void Reading::ReadDirectly(std::size_t count, bool busy_meanwhile) {
  if (reader_.lacking() == 0 || !reader_.input().empty()) return Donate(count);
  absl::StatusOr<ReadWindow> window = reader_.PrepareDirect();
  if (!window.ok()) return budget_->set_limit(Budget::kUnlimited);
  Require(reader_.owns(*window), "the reader knows its own window");
  const MutableBytes span = window->span();
  Require(!span.empty() && span.size() <= reader_.lacking(), "a window ends with its frame");
  if (busy_meanwhile) {
    LookAtAll();
    TakeAll();
  }
  const Bytes octets = NextOctets(std::min(count, span.size()));
  CopyOctets(octets, span);
  reader_.CommitDirect(octets.size());
}

void Reading::CheckCommand() {
  PlainReader::Result result;
  do {
    result = next_command_.Next(stream_);
  } while (result == PlainReader::Result::kMessage);
  Require(result == PlainReader::Result::kCommand, "a command was in the stream");
  Require(AsText(reader_.command()) == AsText(next_command_.body().In(stream_)),
          "each command is handed out once and in order");
  ++commands_;
}

// False if nothing more can be taken now.
bool Reading::TakeOne() {
  Message message;
  switch (reader_.Next(&message)) {
    case Reader::Result::kMessage:
      taken_.push_back(std::move(message));
      return true;
    case Reader::Result::kCommand:
      CheckCommand();
      return true;
    case Reader::Result::kNoMemory:
      Require(budget_->limit() != Budget::kUnlimited, "memory is refused by the budget alone");
      budget_->set_limit(Budget::kUnlimited);
      return true;
    case Reader::Result::kError:
      Require(!reader_.status().ok(), "an error has a status");
      return false;
    case Reader::Result::kNeedData:
      return false;
  }
  return false;
}

void Reading::CountWhatIsThere() {
  const Bytes there = stream_.first(fed_);
  for (;;) {
    const PlainReader::Result result = there_.Next(there);
    violated_ = result == PlainReader::Result::kViolation;
    if (violated_ || result == PlainReader::Result::kNeedData) return;
    ++(result == PlainReader::Result::kMessage ? whole_messages_ : whole_commands_);
  }
}

void Reading::TakeAll() {
  while (TakeOne()) {
  }
  CountWhatIsThere();
  Require(taken_.size() == whole_messages_, "every whole message can be taken, and nothing else");
  Require(commands_ == whole_commands_, "every command was handed out");
  Require(reader_.status().ok() == !violated_, "a violation is found when it can be known");
  if (violated_) {
    Require(reader_.status().message() == there_.violation(), "taking finds the same violation");
  }
}

void Reading::LookAhead(std::size_t frames, std::size_t messages) {
  // The message that is being gathered is known to be there once its last octet is.
  const std::size_t most = std::max({messages, reader_.ahead(), std::size_t{1}});
  Reader::Result result;
  while ((result = reader_.LookAhead(&frames, messages)) == Reader::Result::kCommand) {
    CheckCommand();
  }
  Require(result == Reader::Result::kNeedData || result == Reader::Result::kError,
          "looking ahead takes no message");
  Require(reader_.ahead() <= most, "no more is seen than asked for");
}

void Reading::LookAtAll() {
  const bool failed = !reader_.status().ok();
  LookAhead(kAll, kAll);
  CountWhatIsThere();
  if (failed) return;
  Require(reader_.ahead() + taken_.size() == whole_messages_, "looking ahead counts what is there");
  Require(commands_ == whole_commands_, "looking ahead finds every command");
  std::size_t frames = kAll;
  const bool error = reader_.LookAhead(&frames, kAll) == Reader::Result::kError;
  Require(error == violated_, "looking ahead finds a violation when it can be known");
  if (error) {
    Require(reader_.ahead_violation() == there_.violation(),
            "looking ahead finds the same violation");
  }
}

void Reading::Do(Step step) {
  switch (step.kind) {
    case 0:
      Donate(step.bytes());
      break;
    case 1:
      reader_.input().Append(Slice::Copy(NextOctets(step.bytes())));
      break;
    case 2:
    case 3:
      DonateInPieces(step.bytes(), step.kind == 2 ? 2 : step.amount * 3);
      break;
    case 4:
      ReadWindowed(step.bytes());
      break;
    case 5:
      ReadDirectly(step.bytes(), false);
      break;
    case 6:
      ReadDirectly(step.bytes(), true);
      break;
    case 7:
      for (unsigned i = 0; i <= step.amount; ++i) {
        Donate(1);
        LookAtAll();
      }
      break;
    case 8:
    case 9:
      for (unsigned i = 0; i <= step.amount && TakeOne(); ++i) {
      }
      break;
    case 10:
      TakeAll();
      break;
    case 11:
      LookAhead(step.amount + 1, kAll);
      break;
    case 12:
      LookAhead(kAll, step.amount);
      break;
    case 13:
      LookAtAll();
      break;
    case 14:
      reader_.Compact();
      break;
    default:
      budget_->set_limit(budget_->used() + static_cast<std::int64_t>(step.bytes()));
      break;
  }
  Require(reader_.taken() == taken_.size(), "taken() counts");
  Require(budget_->used() <= static_cast<std::int64_t>(4 * fed_ + 2 * 1024 * 1024),
          "memory follows what arrived, not what was announced");
}

void Reading::Finish() {
  Donate(kAll);
  TakeAll();
  for (const Message& message : taken_) {
    PlainReader::Result result;
    do {
      result = next_message_.Next(stream_);
    } while (result == PlainReader::Result::kCommand);
    Require(result == PlainReader::Result::kMessage, "a message was in the stream");
    Require(SameParts(message, next_message_.parts(), stream_), "messages come as they were sent");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  const std::uint8_t rules = input.Octet();
  const std::uint8_t memory = input.Octet();
  const Input script = input.Part();
  const std::int64_t budget_bytes =
      (rules & 16) != 0 ? std::int64_t{memory} * 16 : Budget::kUnlimited;
  const BudgetPtr budget = Budget::Create(budget_bytes);
  {
    Reading reading(LimitsFrom(rules), FramingFrom(rules, memory), budget, input.Take(kMaxStream));
    if ((rules & 32) != 0) reading.LeaveRoom(memory);
    while (!reading.all_fed()) {
      const std::size_t before = reading.fed();
      for (Input steps = script; !steps.empty();) reading.Do(Step(steps.Octet()));
      if (reading.fed() == before) break;
    }
    reading.Finish();
  }
  Require(budget->used() == 0, "in the end no memory is held");
  return 0;
}
