// Coroutines on one ring: a relay between clients and workers, with the clients and the workers
// beside it. Each socket could as well be in a program of its own.
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "adapters/uring/loop.h"

using monocoque::Message;
using monocoque::SocketType;
using monocoque::uring::Loop;
using monocoque::uring::Proxy;
using monocoque::uring::Socket;
using monocoque::uring::Task;

namespace {

// What a relay is: two sockets and one line.
Task<absl::Status> Relay(Socket& front, Socket& back) { co_return co_await Proxy(front, back); }

Task<absl::Status> Work(Loop& loop, std::string at) {
  Socket rep = loop.MakeSocket(SocketType::kRep);
  CO_RETURN_IF_ERROR(rep.Connect(at));
  for (;;) {
    absl::StatusOr<Message> request = co_await rep.AsyncReceive();
    if (!request.ok()) co_return request.status();
    CO_RETURN_IF_ERROR(co_await rep.AsyncSend(Message(absl::StrCat(request->text(), ", done"))));
  }
}

Task<absl::Status> Ask(Loop& loop, std::string at, std::string what) {
  Socket req = loop.MakeSocket(SocketType::kReq);
  CO_RETURN_IF_ERROR(req.Connect(at));
  for (int i = 0; i < 3; ++i) {
    CO_RETURN_IF_ERROR(co_await req.AsyncSend(Message(absl::StrCat(what, " ", i))));
    absl::StatusOr<Message> reply = co_await req.AsyncReceive();
    if (!reply.ok()) co_return reply.status();
    std::printf("%s\n", std::string(reply->text()).c_str());
  }
  co_return absl::OkStatus();
}

// Of those that only end when the loop does, nobody takes the result.
Task<void> Beside(Task<absl::Status> task) { (void)co_await std::move(task); }

Task<absl::Status> AskBoth(Loop& loop, std::string at) {
  CO_RETURN_IF_ERROR(co_await Ask(loop, at, "sweep"));
  CO_RETURN_IF_ERROR(co_await Ask(loop, at, "paint"));
  co_return absl::OkStatus();
}

}  // namespace

int main() {
  Loop loop;
  Socket front = loop.MakeSocket(SocketType::kRouter);
  Socket back = loop.MakeSocket(SocketType::kDealer);
  // Paths that nobody else has.
  const absl::StatusOr<std::string> front_at = front.Bind("ipc://*");
  const absl::StatusOr<std::string> back_at = back.Bind("ipc://*");
  if (!front_at.ok() || !back_at.ok()) return 1;
  loop.Spawn(Beside(Relay(front, back)));
  loop.Spawn(Beside(Work(loop, *back_at)));
  loop.Spawn(Beside(Work(loop, *back_at)));
  const absl::Status asked = loop.RunUntil(AskBoth(loop, *front_at));
  if (!asked.ok()) std::fprintf(stderr, "%s\n", std::string(asked.message()).c_str());
  return asked.ok() ? 0 : 1;
}
