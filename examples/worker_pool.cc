// A pool of workers behind a ROUTER: each asks for work when it has none, and gets the next job.
// Nobody waits behind a slow one. Each socket could as well be in a program of its own.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/uring/loop.h"

using monocoque::Message;
using monocoque::SocketType;
using monocoque::uring::Loop;
using monocoque::uring::Socket;
using monocoque::uring::Task;

namespace {

constexpr int kWorkers = 3;

Task<absl::Status> Work(Loop& loop, std::string at, int number) {
  Socket dealer = loop.MakeSocket(SocketType::kDealer);
  CO_RETURN_IF_ERROR(dealer.Connect(at));
  CO_RETURN_IF_ERROR(co_await dealer.AsyncSend(Message("ready")));
  for (;;) {
    absl::StatusOr<Message> job = co_await dealer.AsyncReceive();
    if (!job.ok()) co_return job.status();
    if (job->text() == "go home") co_return absl::OkStatus();
    const std::string done = absl::StrCat(job->text(), ": done by worker ", number);
    CO_RETURN_IF_ERROR(co_await dealer.AsyncSend(Message(done)));
  }
}

// Whoever says something is free: the next job goes to where the word came from.
Task<absl::Status> Deal(Socket& router, const std::vector<std::string>& jobs, int* done) {
  auto next = jobs.begin();
  for (int at_home = 0; at_home < kWorkers;) {
    absl::StatusOr<Message> word = co_await router.AsyncReceive();
    if (!word.ok()) co_return word.status();
    if (word->text() != "ready") {
      std::printf("%s\n", std::string(word->text()).c_str());
      ++*done;
    }
    Message answer("go home");
    if (next != jobs.end()) {
      answer = Message(*next++);
    } else {
      ++at_home;
    }
    answer.set_to(word->routing_id());
    CO_RETURN_IF_ERROR(co_await router.AsyncSend(std::move(answer)));
  }
  co_return co_await router.AsyncClose(absl::Seconds(5));
}

Task<void> Beside(Task<absl::Status> task) {
  const absl::Status over = co_await std::move(task);
  if (!over.ok()) std::fprintf(stderr, "%s\n", std::string(over.message()).c_str());
}

}  // namespace

int main() {
  Loop loop;
  Socket router = loop.MakeSocket(SocketType::kRouter);
  // A path that nobody else has.
  const absl::StatusOr<std::string> at = router.Bind("ipc://*");
  if (!at.ok()) return 1;
  std::vector<std::string> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(absl::StrCat("job ", i));
  int done = 0;
  for (int number = 0; number < kWorkers; ++number) loop.Spawn(Beside(Work(loop, *at, number)));
  loop.Spawn(Beside(Deal(router, jobs, &done)));
  loop.Run();  // until the last worker is at home
  return done == 20 ? 0 : 1;
}
