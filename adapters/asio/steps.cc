#include "adapters/asio/steps.h"

#include "absl/status/status.h"
#include "adapters/asio/error.h"
#include "adapters/asio/socket_state.h"

namespace monocoque::asio::detail {
namespace {

// Nothing came: true if nothing will, and `ec` says why. Out of turn counts only when no send is
// outstanding that would make it our turn.
bool NeverComes(SocketState* socket, boost::system::error_code* ec) {
  const absl::Status why = socket->driver()->machine().ReceiveStatus();
  if (why.ok() || absl::IsUnavailable(why)) return false;
  if (absl::IsFailedPrecondition(why) && socket->sends_wait()) return false;
  *ec = ToErrorCode(why);
  return true;
}

// True if there is room; or if there never will be, and `ec` says why.
bool MaySend(const monocoque::Socket& machine, boost::system::error_code* ec) {
  const absl::Status may = machine.SendStatus();
  if (absl::IsUnavailable(may)) return false;
  *ec = ToErrorCode(may);
  return true;
}

}  // namespace

bool SendStep::Try(SocketState* socket) {
  const absl::Status sent = socket->driver()->Send(&message);
  if (absl::IsUnavailable(sent)) return false;
  ec = ToErrorCode(sent);
  return true;
}

bool SendManyStep::Try(SocketState* socket) {
  while (value < messages.size()) {
    const absl::Status sent = socket->driver()->Send(&messages[value]);
    if (absl::IsUnavailable(sent)) return false;
    if (!sent.ok()) {
      ec = ToErrorCode(sent);
      return true;
    }
    ++value;
  }
  return true;
}

bool ReceiveStep::Try(SocketState* socket) {
  return socket->driver()->Receive(&value) || NeverComes(socket, &ec);
}

bool ReceiveManyStep::Try(SocketState* socket) {
  Message message;
  while (value.size() < max && socket->driver()->Receive(&message)) {
    value.push_back(std::move(message));
  }
  return value.size() == max || !value.empty() || NeverComes(socket, &ec);
}

Place WaitStep::place() const {
  switch (waits_for) {
    case For::kSend:
      return Place::kSenders;
    case For::kReceive:
      return Place::kReceivers;
    case For::kPeers:
    case For::kEvent:
      break;
  }
  return Place::kWatchers;
}

bool WaitStep::Try(SocketState* socket) {
  net::SocketDriver* driver = socket->driver();
  switch (waits_for) {
    case For::kSend:
      return MaySend(driver->machine(), &ec);
    case For::kReceive:
      return driver->CanReceive() || NeverComes(socket, &ec);
    case For::kPeers:
      return driver->machine().ready_peers() >= peers;
    case For::kEvent:
      break;
  }
  return socket->HasEvent();
}

bool BindStep::Try(SocketState* socket) {
  value = socket->Bind(endpoint, options.get(), &ec);
  return true;
}

bool ConnectStep::Try(SocketState* socket) {
  ec = socket->Ask(&net::SocketDriver::Connect, endpoint, options.get());
  return true;
}

bool FlushStep::Try(SocketState* socket) {
  socket->driver()->Flush();
  return true;
}

bool CloseStep::Try(SocketState* socket) {
  ec = ToErrorCode(socket->driver()->CloseResult());
  return true;
}

}  // namespace monocoque::asio::detail
