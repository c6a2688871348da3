// Jobs at the program's own pace, in libuv: paused while one is being done, so that the next ones
// wait where they are; what happens to the socket is told, and its end, too.
#include <uv.h>

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/uv/socket.h"

using monocoque::Message;
using monocoque::SocketEvent;
using monocoque::SocketType;
using monocoque::uv::Socket;

namespace {

constexpr int kJobs = 5;

// One job at a time; a timer stands for the work.
struct Worker {
  Socket pull;
  uv_timer_t work{};
  bool busy = false, overrun = false, closed = false;
  int done = 0, events = 0;

  void Begin(const Message& job) {
    std::printf("%s\n", std::string(job.text()).c_str());
    overrun |= busy;  // never: it is paused
    busy = true;
    pull.Pause();
    uv_timer_start(&work, [](uv_timer_t* t) { static_cast<Worker*>(t->data)->End(); }, 1, 0);
  }
  void End() {
    busy = false;
    if (++done < kJobs) return pull.Resume();
    pull.Close(absl::ZeroDuration(), [this](const absl::Status& end) {
      closed = end.ok();
      uv_close(reinterpret_cast<uv_handle_t*>(&work), nullptr);
    });
  }
};

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  Worker worker{Socket(loop, SocketType::kPull)};
  uv_timer_init(loop, &worker.work);
  worker.work.data = &worker;
  worker.pull.OnMessage([&](const Message& job) { worker.Begin(job); });
  worker.pull.OnEvent([&](const SocketEvent& event) {
    std::fprintf(stderr, "%s\n", event.ToString().c_str());
    ++worker.events;
  });
  const auto at = worker.pull.Bind("ipc://*");
  if (!at.ok()) return 1;

  Socket push(loop, SocketType::kPush);
  if (!push.Connect(*at).ok()) return 1;
  for (int i = 1; i <= kJobs; ++i) {
    if (!push.Send("job " + std::to_string(i)).ok()) return 1;
  }
  push.Close();                  // once all is written
  uv_run(loop, UV_RUN_DEFAULT);  // ends by itself: all is closed
  return worker.done == kJobs && !worker.overrun && worker.closed && worker.events > 0 ? 0 : 1;
}
