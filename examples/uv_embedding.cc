// Sockets in a program that is libuv's already: jobs come in by socket, libuv's own thread pool
// does them, results go out by socket; a timer and a signal handler of the program live beside.
#include <signal.h>
#include <uv.h>

#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "adapters/uv/socket.h"

using monocoque::Message;
using monocoque::SocketType;
using monocoque::uv::Socket;

namespace {

constexpr int kJobs = 8;

// One job on its way through the pool. A message may go to another thread; a socket may not.
struct Job {
  uv_work_t work{};
  Message task;
  std::string result;
  std::function<void(std::string)> done;
};

void Queue(uv_loop_t* loop, Message task, std::function<void(std::string)> done) {
  auto* job = new Job{.task = std::move(task), .result = {}, .done = std::move(done)};
  job->work.data = job;
  uv_queue_work(
      loop, &job->work,
      [](uv_work_t* work) {  // on a thread of the pool
        auto* its = static_cast<Job*>(work->data);
        its->result = std::string(its->task.text()) + ", done";
      },
      [](uv_work_t* work, int) {  // back on the loop's thread
        auto* its = static_cast<Job*>(work->data);
        its->done(std::move(its->result));
        delete its;
      });
}

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();

  // The program's own handles.
  uv_signal_t interrupt;
  uv_signal_init(loop, &interrupt);
  uv_signal_start(&interrupt, [](uv_signal_t* self, int) { uv_stop(self->loop); }, SIGINT);
  uv_unref(reinterpret_cast<uv_handle_t*>(&interrupt));
  int ticks = 0;
  uv_timer_t tick;
  uv_timer_init(loop, &tick);
  tick.data = &ticks;
  uv_timer_start(&tick, [](uv_timer_t* self) { ++*static_cast<int*>(self->data); }, 0, 1);
  uv_unref(reinterpret_cast<uv_handle_t*>(&tick));

  // The service.
  Socket jobs(loop, SocketType::kPull);
  Socket results(loop, SocketType::kPush);
  const auto jobs_at = jobs.Bind("ipc://*");
  jobs.OnMessage([&](Message task) {
    Queue(loop, std::move(task), [&](const std::string& result) {
      if (!results.Send(result).ok()) std::fprintf(stderr, "nobody takes results\n");
    });
  });

  // Whoever uses it.
  Socket boss(loop, SocketType::kPush);
  Socket desk(loop, SocketType::kPull);
  const auto results_at = desk.Bind("ipc://*");
  if (!jobs_at.ok() || !results_at.ok()) return 1;
  if (!boss.Connect(*jobs_at).ok() || !results.Connect(*results_at).ok()) return 1;
  int done = 0;
  desk.OnMessage([&](const Message& result) {
    std::printf("%s\n", std::string(result.text()).c_str());
    if (++done < kJobs) return;
    for (Socket* each : {&jobs, &results, &boss, &desk}) each->Close();
  });
  for (int i = 0; i < kJobs; ++i) {
    if (!boss.Send("job " + std::to_string(i)).ok()) return 1;
  }

  uv_run(loop, UV_RUN_DEFAULT);
  return done == kJobs && ticks > 0 ? 0 : 1;
}
