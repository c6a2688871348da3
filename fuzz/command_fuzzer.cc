// What is modelled: the body of a command frame, any octets.
//
// What must hold: what parses as a command encodes to a frame with that very body, LONG set by its
// size alone; what parses as PING, ERROR or a group lies inside the body, keeps the bounds of the
// RFC, and encodes back to the octets it came from; ERROR's reason and PING's context, cut to what
// may be sent, always make a command that parses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "fuzz/require.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::Bytes;
using monocoque::Command;
using monocoque::FrameHeader;
using monocoque::Ping;
using monocoque::fuzz::Require;
namespace command = monocoque::command;

// The body of the frame in `octets`, which must be one command frame and nothing else.
Bytes BodyOf(std::string_view octets) {
  FrameHeader header;
  Require(ParseFrameHeader(AsBytes(octets), &header) == monocoque::FrameParse::kOk,
          "an encoded frame has a good header");
  Require(header.command() && !header.more(), "it is a command");
  Require(header.header_bytes == monocoque::FrameHeaderBytes(header.body_bytes),
          "its header is the shortest");
  Require(header.header_bytes + header.body_bytes == octets.size(), "its size is right");
  return AsBytes(octets).subspan(header.header_bytes);
}

Command CommandOf(std::string_view octets) {
  const absl::StatusOr<Command> back = monocoque::ParseCommand(BodyOf(octets));
  Require(back.ok(), "what we encode parses");
  return *back;
}

void CheckPing(Bytes data) {
  const absl::StatusOr<Ping> ping = monocoque::ParsePing(data);
  Require(ping.ok() == (data.size() >= 2 && data.size() <= 2 + command::kMaxPingContext),
          "PING has 2 to 18 octets");
  if (ping.ok()) {
    Require(ping->ttl >= absl::ZeroDuration() && ping->ttl <= absl::Milliseconds(6553500),
            "a time to live is at most 6553.5 s");
    std::string out;
    monocoque::AppendPing(&out, ping->ttl, ping->context);
    const Command back = CommandOf(out);
    Require(back.name == command::kPing && AsText(back.data) == AsText(data), "PING comes back");
  }
  std::string cut;
  monocoque::AppendPing(&cut, absl::InfiniteDuration(), data);
  Require(monocoque::ParsePing(CommandOf(cut).data).ok(), "any context is cut to a good one");
}

void CheckError(Bytes data) {
  const absl::StatusOr<std::string_view> reason = monocoque::ParseErrorReason(data);
  if (reason.ok()) {
    std::string out;
    monocoque::AppendError(&out, *reason);
    Require(AsText(CommandOf(out).data) == AsText(data), "ERROR comes back");
  }
  std::string cut;
  monocoque::AppendError(&cut, AsText(data));
  const absl::StatusOr<std::string_view> back = monocoque::ParseErrorReason(CommandOf(cut).data);
  Require(back.ok() && *back == AsText(data).substr(0, command::kMaxErrorReason),
          "any reason is cut to a good one");
}

void CheckGroup(Bytes data) {
  const absl::StatusOr<std::string_view> group = monocoque::ParseGroup(data);
  const bool fits = data.size() <= command::kMaxGroup && std::ranges::count(data, 0) == 0;
  Require(group.ok() == fits, "a group has at most 255 octets, none zero");
  if (group.ok()) Require(*group == AsText(data), "a group is all of the data");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes body(data, size);
  CheckPing(body);
  CheckError(body);
  CheckGroup(body);
  const absl::StatusOr<Command> parsed = monocoque::ParseCommand(body);
  const bool fits = size > 0 && data[0] > 0 && data[0] < size;
  Require(parsed.ok() == fits, "a command is its name's length, the name, the data");
  if (!parsed.ok()) return 0;
  Require(1 + parsed->name.size() + parsed->data.size() == size, "no octet is lost");
  std::string out;
  monocoque::AppendCommand(&out, parsed->name, parsed->data);
  Require(AsText(BodyOf(out)) == AsText(body), "a command comes back");
  CheckPing(parsed->data);
  CheckError(parsed->data);
  CheckGroup(parsed->data);
  return 0;
}
