#include "adapters/coro/proxy.h"

#include <utility>

#include "absl/status/statusor.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::coro {
namespace {

Task<absl::Status> Forward(Socket& from, Socket& to) {
  const bool from_router = from.core().type() == SocketType::kRouter;
  const bool to_router = to.core().type() == SocketType::kRouter;
  for (;;) {
    absl::StatusOr<Message> message = co_await from.AsyncReceive();
    if (!message.ok()) co_return message.status();
    if (from_router) message->IdToFront();
    if (to_router && !message->FrontToId()) continue;
    absl::Status sent = co_await to.AsyncSend(*std::move(message));
    if (!sent.ok() && !absl::IsNotFound(sent)) co_return sent;
  }
}

bool Receives(Socket& socket) { return ReceivesMessages(socket.core().type()); }

}  // namespace

Task<absl::Status> Proxy(Socket& front, Socket& back) {
  CO_RETURN_IF_ERROR(front.status());
  CO_RETURN_IF_ERROR(back.status());
  if (!Receives(back)) co_return co_await Forward(front, back);
  if (!Receives(front)) co_return co_await Forward(back, front);
  co_return co_await FirstOf(Forward(front, back), Forward(back, front));
}

}  // namespace monocoque::coro
