// Of a connection: commands, subscriptions, and what else is no message, both ways.
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "protocol/connection/connection.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/zmtp10.h"

namespace monocoque {
namespace {

// Octets that may wait to be written while PINGs are still answered.
constexpr std::size_t kMaxPongBacklog = 1024 * 1024;

}  // namespace

absl::Status Connection::SendSubscription(bool subscribe, Bytes prefix, Instant /*now*/) {
  if (!status_.ok()) return status_;
  if (state_ != ConnectionState::kTraffic) return absl::UnavailableError("");
  std::string octets;
  if (peer().knows_subscribe()) {
    AppendCommand(&octets, subscribe ? command::kSubscribe : command::kCancel, prefix);
  } else {
    // The form of a message (S-1), yet no message: it counts for no mark.
    const std::uint8_t form = subscribe ? 1 : 0;
    AppendFrame(&octets, Bytes(&form, 1), prefix);
  }
  return SendOctets(octets) ? absl::OkStatus() : absl::UnavailableError("");
}

absl::Status Connection::SendGroup(bool join, std::string_view group) {
  if (!status_.ok()) return status_;
  if (state_ != ConnectionState::kTraffic) return absl::UnavailableError("");
  std::string octets;
  AppendCommand(&octets, join ? command::kJoin : command::kLeave, AsBytes(group));
  return SendOctets(octets) ? absl::OkStatus() : absl::UnavailableError("");
}

bool Connection::SendFirst(Bytes body) {
  if (state_ != ConnectionState::kTraffic) return false;
  std::string octets;
  AppendFrame(&octets, {}, body);
  return SendOctets(octets);
}

// A message frame in the peer's own form.
void Connection::AppendFrame(std::string* octets, Bytes lead, Bytes body) const {
  const std::uint64_t size = lead.size() + body.size();
  std::array<std::uint8_t, zmtp10::kLongHeaderBytes> header;
  std::size_t header_bytes = 0;
  if (const Framing framing = handshake_.framing(); framing == Framing::kZmtp10) {
    header_bytes = zmtp10::EncodeFrameHeader(false, size, header);
  } else if (framing != Framing::kRaw) {
    header_bytes = EncodeFrameHeader(0, size, header);
  }
  octets->append(AsText(Bytes(header).first(header_bytes)));
  octets->append(AsText(lead));
  octets->append(AsText(body));
}

// In traffic: one frame that is no message. Where nothing is written any more it needs no memory.
bool Connection::SendOctets(std::string_view octets) {
  if (octets.empty() || write_failed_ || transport_closed_) return true;
  const auto append = [&] {
    return boxes_ != nullptr ? writer_.AppendSealedRaw(AsBytes(octets), boxes_->session())
                             : writer_.AppendRaw(AsBytes(octets));
  };
  if (append()) return true;
  if (!BorrowToSend()) return false;
  const bool sent = append();
  ReturnToSend();
  return sent;
}

// PUB and XPUB: such a message is a subscription.
bool Connection::TakeSubscription(const Message& message) {
  if (!IsSubscription(message.bytes())) return false;
  for (const Slice& part : message) {
    const Bytes octets = part.bytes();
    if (IsSubscription(octets)) OnSubscription(octets[0] == 1, octets.subspan(1));
    if (options_.only_first_subscribe) break;
  }
  return true;
}

void Connection::OnSubscription(bool subscribe, Bytes prefix) {
  if (!status_.ok()) return;  // behind the end it means nothing any more
  Push({subscribe ? ConnectionEvent::Kind::kSubscribe : ConnectionEvent::Kind::kUnsubscribe,
        Slice::Copy(prefix),
        {}});
}

// What is wrong with the command at hand, if anything. Nothing from such a command on is delivered,
// also if it comes to light only after the end.
absl::Status Connection::JudgeCommand() {
  const absl::StatusOr<Command> command = ParseCommand(reader_.command());
  absl::Status fits = command.status();  // C-2
  if (fits.ok() && command->name == command::kPing) {
    fits = ParsePing(command->data).status();  // H-2
  } else if (fits.ok() && options_.socket_type == SocketType::kRadio &&
             (command->name == command::kJoin || command->name == command::kLeave)) {
    fits = ParseGroup(command->data).status();  // J-3
  }
  if (fits.ok()) return fits;
  reader_.DropFromCommand();
  if (boxes_ != nullptr) boxes_->Drop();
  return fits;
}

void Connection::OnCommand(Instant now) {
  if (absl::Status fits = JudgeCommand(); !fits.ok()) {
    Violation(fits.message());
    return;
  }
  const absl::StatusOr<Command> command = ParseCommand(reader_.command());
  if (command->name == command::kPing) {
    OnPing(command->data, now);
  } else if (command->name == command::kSubscribe || command->name == command::kCancel) {
    if (sees_subscriptions_) OnSubscription(command->name == command::kSubscribe, command->data);
  } else if (options_.socket_type == SocketType::kRadio &&
             (command->name == command::kJoin || command->name == command::kLeave)) {
    Push({command->name == command::kJoin ? ConnectionEvent::Kind::kJoin
                                          : ConnectionEvent::Kind::kLeave,
          Slice::Copy(command->data),
          {}});
  }
  // PONG is a sign of life, which it was already; all other names are ignored (C-3, C-4, H-7).
}

void Connection::OnPing(Bytes data, Instant now) {
  const absl::StatusOr<Ping> ping = ParsePing(data);
  heartbeat_.OnPing(ping->ttl, now);
  pinged_ = true;
  // A peer that sends PINGs and reads nothing gets no answers beyond a limit; what else waits to be
  // written does not count.
  if (pong_bytes_ > kMaxPongBacklog) return;
  std::string pong;
  AppendPong(&pong, ping->context);
  if (!SendOctets(pong)) return;
  pong_bytes_ += static_cast<std::uint32_t>(pong.size());
  pong_end_ = unwritten_bytes();
}

}  // namespace monocoque
