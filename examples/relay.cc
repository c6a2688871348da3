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

// Or tcp://*:5559, and so on: then clients and workers may be anywhere.
constexpr char kFront[] = "inproc://clients";
constexpr char kBack[] = "inproc://workers";

Task<absl::Status> Relay(Loop& loop) {
  Socket front = loop.MakeSocket(SocketType::kRouter), back = loop.MakeSocket(SocketType::kDealer);
  CO_RETURN_IF_ERROR(front.Bind(kFront));
  CO_RETURN_IF_ERROR(back.Bind(kBack));
  co_return co_await Proxy(front, back);
}

Task<absl::Status> Work(Loop& loop) {
  Socket rep = loop.MakeSocket(SocketType::kRep);
  CO_RETURN_IF_ERROR(rep.Connect(kBack));
  for (;;) {
    absl::StatusOr<Message> request = co_await rep.AsyncReceive();
    if (!request.ok()) co_return request.status();
    CO_RETURN_IF_ERROR(co_await rep.AsyncSend(Message(absl::StrCat(request->text(), ", done"))));
  }
}

Task<absl::Status> Ask(Loop& loop, std::string what) {
  Socket req = loop.MakeSocket(SocketType::kReq);
  CO_RETURN_IF_ERROR(req.Connect(kFront));
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

Task<absl::Status> AskBoth(Loop& loop) {
  CO_RETURN_IF_ERROR(co_await Ask(loop, "sweep"));
  CO_RETURN_IF_ERROR(co_await Ask(loop, "paint"));
  co_return absl::OkStatus();
}

}  // namespace

int main() {
  Loop loop;
  loop.Spawn(Beside(Relay(loop)));
  loop.Spawn(Beside(Work(loop)));
  loop.Spawn(Beside(Work(loop)));
  const absl::Status asked = loop.RunUntil(AskBoth(loop));
  if (!asked.ok()) std::fprintf(stderr, "%s\n", std::string(asked.message()).c_str());
  return asked.ok() ? 0 : 1;
}
