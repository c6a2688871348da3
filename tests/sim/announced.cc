#include "tests/sim/announced.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "alloc/bytes.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"

namespace monocoque::testing {
namespace {

constexpr std::size_t kGreetingBytes = 64;
// How the body of a frame with a box begins.
constexpr std::string_view kMessage = "\7MESSAGE";

}  // namespace

void Announced::Feed(std::string_view octets) {
  const std::size_t skipped =
      static_cast<std::size_t>(std::min<std::uint64_t>(skip_, octets.size()));
  skip_ -= skipped;
  done_ += skipped;
  tail_.append(octets.substr(skipped));
  if (done_ == 0) {
    if (tail_.size() < kGreetingBytes) return;
    tail_.erase(0, kGreetingBytes);
    done_ = kGreetingBytes;
  }
  while (!broken_ && TakeFrame()) {
  }
}

bool Announced::TakeFrame() {
  FrameHeader header;
  const FrameParse parsed = ParseFrameHeader(AsBytes(tail_), &header);
  broken_ = parsed != FrameParse::kOk && parsed != FrameParse::kNeedMore;
  if (parsed != FrameParse::kOk) return false;
  const std::uint64_t bytes = header.header_bytes + header.body_bytes;
  const std::string_view body = std::string_view(tail_).substr(
      header.header_bytes, static_cast<std::size_t>(header.body_bytes));
  bool command = header.command();
  std::size_t lead = 0;
  if (header.body_bytes >= CurveSession::kOverheadBytes) {
    if (body.size() < CurveSession::kOverheadBytes) return false;
    if (absl::StartsWith(body, kMessage)) {
      lead = CurveSession::kOverheadBytes;
      command = (static_cast<unsigned char>(body[lead - 1]) & CurveSession::kCommand) != 0;
    }
  }
  if (!command) {
    const std::uint64_t here = std::min<std::uint64_t>(bytes, tail_.size());
    skip_ = bytes - here;
    done_ += here;
    tail_.erase(0, static_cast<std::size_t>(here));
    return skip_ == 0;
  }
  if (bytes > tail_.size()) return false;
  done_ += bytes;
  OnCommand(body.substr(lead));
  tail_.erase(0, static_cast<std::size_t>(bytes));
  return true;
}

void Announced::OnCommand(std::string_view body) {
  const absl::StatusOr<Command> command = ParseCommand(AsBytes(body));
  if (!command.ok()) return;
  const bool group = command->name == command::kJoin || command->name == command::kLeave;
  const bool on = command->name == command::kSubscribe || command->name == command::kJoin;
  if (!group && !on && command->name != command::kCancel) return;
  wishes_.push_back(
      {.end = done_, .on = on, .exactly = group, .text = std::string(AsText(command->data))});
}

bool Announced::wants(std::string_view topic, std::uint64_t read) const {
  std::set<std::string_view> wanted;
  for (const Wish& wish : wishes_) {
    if (wish.end > read) break;
    if (wish.exactly ? topic != wish.text : !absl::StartsWith(topic, wish.text)) continue;
    if (wish.on) {
      wanted.insert(wish.text);
    } else {
      wanted.erase(wish.text);
    }
  }
  return !wanted.empty();
}

}  // namespace monocoque::testing
