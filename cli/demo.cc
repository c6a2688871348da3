#include "cli/demo.h"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/uring/loop.h"
#include "cli/output.h"
#include "cli/text.h"

namespace monocoque::cli {
namespace {

using uring::Loop;
using uring::Socket;

constexpr absl::Duration kPatience = absl::Seconds(10);

// What crossed, as it crosses.
class Stage {
 public:
  explicit Stage(Loop* loop) : loop_(*loop) {}

  // Two sockets joined over `endpoint`; false if that failed.
  bool Join(std::string_view title, Socket* listens, Socket* dials, std::string_view endpoint) {
    const absl::StatusOr<std::string> bound = listens->Bind(endpoint);
    absl::Status joined = bound.status();
    if (joined.ok()) joined = dials->Connect(*bound);
    if (!joined.ok()) {
      std::printf("%s: %s\n", std::string(title).c_str(), std::string(joined.message()).c_str());
      return false;
    }
    std::printf("\n%s over %s\n", std::string(title).c_str(), bound->c_str());
    return true;
  }

  // Sends from one to the other; the message that arrived, if it did.
  Message Pass(std::string_view from, Socket* sender, std::string_view to, Socket* receiver,
               Message message) {
    ++sent_;
    const std::string shown = FormatLine(message, Format::kText);
    Message arrived;
    absl::Status status = sender->Send(&message, kPatience);
    if (status.ok()) {
      sender->Flush();
      status = receiver->Receive(&arrived, kPatience);
    }
    if (status.ok()) {
      ++arrived_;
      octets_ += arrived.total_bytes();
      std::printf("  %-8s -> %-8s %s\n", std::string(from).c_str(), std::string(to).c_str(),
                  shown.c_str());
    } else {
      std::printf("  %-8s -> %-8s %s   LOST: %s\n", std::string(from).c_str(),
                  std::string(to).c_str(), shown.c_str(), std::string(status.message()).c_str());
    }
    std::fflush(stdout);
    return arrived;
  }

  int sent() const { return sent_; }
  int arrived() const { return arrived_; }
  std::size_t octets() const { return octets_; }
  Loop& loop() { return loop_; }

 private:
  Loop& loop_;
  int sent_ = 0;
  int arrived_ = 0;
  std::size_t octets_ = 0;
};

bool Pipeline(Stage* stage) {
  Socket pull = stage->loop().MakeSocket(SocketType::kPull);
  Socket push = stage->loop().MakeSocket(SocketType::kPush);
  if (!stage->Join("PUSH to PULL", &pull, &push, "tcp://127.0.0.1:*")) return false;
  for (int job = 1; job <= 3; ++job) {
    stage->Pass("push", &push, "pull", &pull, Message(absl::StrCat("job ", job)));
  }
  return true;
}

bool RequestReply(Stage* stage) {
  Socket rep = stage->loop().MakeSocket(SocketType::kRep);
  Socket req = stage->loop().MakeSocket(SocketType::kReq);
  if (!stage->Join("REQ and REP", &rep, &req, "ipc://*")) return false;
  for (std::string_view question : {"what time is it", "and now"}) {
    const Message got = stage->Pass("req", &req, "rep", &rep, Message(question));
    stage->Pass("rep", &rep, "req", &req, Message({"you asked", got.text(), "it is time"}));
  }
  return true;
}

bool Routing(Stage* stage) {
  Socket router = stage->loop().MakeSocket(SocketType::kRouter);
  Socket dealer = stage->loop().MakeSocket(SocketType::kDealer, {.routing_id = "worker-7"});
  if (!stage->Join("ROUTER and DEALER", &router, &dealer, "tcp://127.0.0.1:*")) return false;
  Message hello = stage->Pass("dealer", &dealer, "router", &router, Message({"ready", "for work"}));
  std::printf("  router knows the sender as %s\n", Escape(AsText(hello.routing_id())).c_str());
  Message task("fetch the morning paper");
  task.set_to(hello.routing_id());
  stage->Pass("router", &router, "dealer", &dealer, std::move(task));
  return true;
}

bool Publishing(Stage* stage) {
  Socket pub = stage->loop().MakeSocket(SocketType::kPub);
  Socket sub = stage->loop().MakeSocket(SocketType::kSub);
  if (absl::Status subscribed = sub.Subscribe("weather."); !subscribed.ok()) return false;
  if (!stage->Join("PUB to SUB", &pub, &sub, "tcp://127.0.0.1:*")) return false;
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (pub.core().topics() == 0 && absl::Now() < deadline)
    stage->loop().RunOnce(absl::Seconds(1));
  std::printf("  sub wants what begins with weather., so this does not cross: sport.results\n");
  if (!pub.Send("sport.results").ok()) return false;
  stage->Pass("pub", &pub, "sub", &sub, Message({"weather.berlin", "rain"}));
  return true;
}

bool Exclusive(Stage* stage) {
  Socket one = stage->loop().MakeSocket(SocketType::kPair);
  Socket other = stage->loop().MakeSocket(SocketType::kPair);
  if (!stage->Join("PAIR", &one, &other, absl::StrCat("ipc://@monocoque-demo-", getpid())))
    return false;
  stage->Pass("other", &other, "one", &one, Message("only the two of us"));
  stage->Pass("one", &one, "other", &other,
              Message(std::string_view("octets \x00\x01\xff and all", 18)));
  return true;
}

}  // namespace

int RunDemo() {
  const absl::Time begin = absl::Now();
  Loop loop;
  if (!loop.status().ok()) {
    Complain(loop.status().message());
    return 1;
  }
  Stage stage(&loop);
  const bool joined = Pipeline(&stage) && RequestReply(&stage) && Routing(&stage) &&
                      Publishing(&stage) && Exclusive(&stage);
  const bool all = joined && stage.arrived() == stage.sent();
  std::printf("\n%d of %d messages arrived, %zu octets, in %s: %s\n", stage.arrived(), stage.sent(),
              stage.octets(),
              absl::FormatDuration(absl::Trunc(absl::Now() - begin, absl::Microseconds(1))).c_str(),
              all ? "all is well" : "something is wrong");
  if (std::fflush(stdout) != 0) {
    Complain("stdout takes nothing");
    return 1;
  }
  return all ? 0 : 1;
}

}  // namespace monocoque::cli
