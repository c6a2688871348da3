#include "protocol/socket/proxy.h"

#include <array>
#include <utility>

#include "alloc/bytes.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {
namespace {

bool Receives(const Socket& socket) {
  const absl::Status status = socket.ReceiveStatus();
  return status.ok() || absl::IsUnavailable(status);
}

void Add(Proxy::Count* count, std::size_t bytes) {
  ++count->messages;
  count->bytes += bytes;
}

void AddNumber(std::uint64_t number, bool first, Message* out) {
  std::array<std::uint8_t, 8> octets{};
  for (std::uint8_t& octet : octets) {
    octet = static_cast<std::uint8_t>(number);
    number >>= 8;
  }
  if (first) {
    *out = Message(Bytes(octets));
  } else {
    out->AddPart(Bytes(octets));
  }
}

}  // namespace

Proxy::Proxy(Socket* front, Socket* back, Socket* capture)
    : there_{front, back, &stats_.front.received, &stats_.back.sent, Message()},
      back_{back, front, &stats_.back.received, &stats_.front.sent, Message()},
      capture_(capture) {}

bool Proxy::Run(Instant now) {
  if (paused_ || terminated_ || !status_.ok()) return false;
  const bool more = Pass(&there_, now);
  // One socket on both sides has one direction.
  if (there_.from == there_.to) return more;
  return Pass(&back_, now) || more;
}

bool Proxy::Pass(Way* way, Instant now) {
  for (std::size_t passed = 0; passed < kBurst; ++passed) {
    if (!way->holds && !Take(way, now)) return false;
    if (!Give(way, now)) return false;
  }
  return true;
}

// The next message that can go on; false: there is none, or no room for it.
bool Proxy::Take(Way* way, Instant now) {
  if (!Receives(*way->from)) return false;
  while (way->to->CanSend() && way->from->Receive(&way->held, nullptr, now)) {
    const std::size_t bytes = way->held.total_bytes();
    Add(way->received, bytes);
    if (way->from->type() == SocketType::kRouter) way->held.IdToFront();
    // Who captures sees the routing id, whichever way the message goes.
    Message copy;
    if (capture_ != nullptr) copy = way->held;
    if (way->to->type() == SocketType::kRouter && !way->held.FrontToId()) {
      ++stats_.unroutable;
      continue;
    }
    way->holds = true;
    if (capture_ != nullptr) Capture(&copy, now);
    return true;
  }
  return false;
}

bool Proxy::Give(Way* way, Instant now) {
  const std::size_t bytes = way->held.total_bytes();
  absl::Status sent = way->to->Send(&way->held, now);
  if (absl::IsUnavailable(sent)) return false;
  if (absl::IsNotFound(sent) || absl::IsInvalidArgument(sent)) {
    // Nobody has this routing id: a ROUTER without router_mandatory would drop it too. Or the
    // message does not fit the socket, which is its sender's fault and nobody else's.
    ++stats_.unroutable;
  } else if (!sent.ok()) {
    status_ = std::move(sent);
    return false;
  } else {
    Add(way->sent, bytes);
  }
  way->holds = false;
  return true;
}

void Proxy::Capture(Message* copy, Instant now) {
  if (!capture_->Send(copy, now).ok()) ++stats_.not_captured;
}

bool Proxy::TakeHeld(Message* out) {
  for (Way* way : {&there_, &back_}) {
    if (!way->holds) continue;
    *out = std::move(way->held);
    way->holds = false;
    return true;
  }
  return false;
}

bool Proxy::Command(const Message& command, Message* reply) {
  if (command.text() == "PAUSE") {
    Pause();
  } else if (command.text() == "RESUME") {
    Resume();
  } else if (command.text() == "TERMINATE") {
    Terminate();
  } else if (command.text() == "STATISTICS") {
    bool first = true;
    for (const Side* side : {&stats_.front, &stats_.back}) {
      for (const Count* count : {&side->received, &side->sent}) {
        AddNumber(count->messages, std::exchange(first, false), reply);
        AddNumber(count->bytes, false, reply);
      }
    }
  } else {
    return false;
  }
  return true;
}

absl::Status Proxy::Steer(Socket* control, Instant now) {
  const bool one_way = control->type() == SocketType::kPull || control->type() == SocketType::kSub;
  Message command;
  while (control->Receive(&command, nullptr, now)) {
    Message reply;
    Command(command, &reply);
    if (one_way || (reply.size() == 0 && control->type() != SocketType::kRep)) continue;
    if (absl::Status sent = control->Send(&reply, now); !sent.ok()) return sent;
  }
  return absl::OkStatus();
}

}  // namespace monocoque
