#include "protocol/wire/command.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "protocol/wire/frame.h"

namespace monocoque {

absl::StatusOr<Command> ParseCommand(Bytes body) {
  if (body.empty()) return absl::InvalidArgumentError("empty command");
  const std::size_t name = body[0];
  if (name == 0) return absl::InvalidArgumentError("command without a name");
  if (name > body.size() - 1) {
    return absl::InvalidArgumentError("command name longer than the command");
  }
  return Command{AsText(body.subspan(1, name)), body.subspan(1 + name)};
}

void AppendCommand(std::string* out, std::string_view name, Bytes data) {
  std::array<std::uint8_t, frame::kLongHeaderBytes> header;
  const std::size_t body = 1 + name.size() + data.size();
  const std::size_t size = EncodeFrameHeader(frame::kCommand, body, header);
  out->append(AsText(Bytes(header).first(size)));
  out->push_back(static_cast<char>(name.size()));
  out->append(name);
  out->append(AsText(data));
}

absl::StatusOr<Ping> ParsePing(Bytes data) {
  if (data.size() < 2) return absl::InvalidArgumentError("PING without its time to live");
  if (data.size() > 2 + command::kMaxPingContext) {
    return absl::InvalidArgumentError("PING with more than 16 octets of context");
  }
  // Wide arithmetic: 65,535 tenths are 6,553.5 s (H-4).
  const std::int64_t tenths = std::int64_t{data[0]} << 8 | data[1];
  return Ping{absl::Milliseconds(100) * tenths, data.subspan(2)};
}

void AppendPing(std::string* out, absl::Duration ttl, Bytes context) {
  const std::int64_t tenths = std::clamp<std::int64_t>(ttl / absl::Milliseconds(100), 0, 0xffff);
  std::string data;
  data.push_back(static_cast<char>(tenths >> 8));
  data.push_back(static_cast<char>(tenths & 0xff));
  data.append(AsText(context.first(std::min(context.size(), command::kMaxPingContext))));
  AppendCommand(out, command::kPing, AsBytes(data));
}

void AppendPong(std::string* out, Bytes context) { AppendCommand(out, command::kPong, context); }

absl::StatusOr<std::string_view> ParseErrorReason(Bytes data) {
  if (data.empty() || data[0] != data.size() - 1) {
    return absl::InvalidArgumentError("ERROR whose reason does not fill it");
  }
  return AsText(data.subspan(1));
}

void AppendError(std::string* out, std::string_view reason) {
  reason = reason.substr(0, command::kMaxErrorReason);
  std::string data(1, static_cast<char>(reason.size()));
  data.append(reason);
  AppendCommand(out, command::kError, AsBytes(data));
}

absl::StatusOr<std::string_view> ParseGroup(Bytes data) {
  if (data.size() > command::kMaxGroup) {
    return absl::InvalidArgumentError("group longer than 255 octets");
  }
  if (std::ranges::find(data, 0) != data.end()) {
    return absl::InvalidArgumentError("group with a zero octet");
  }
  return AsText(data);
}

}  // namespace monocoque
