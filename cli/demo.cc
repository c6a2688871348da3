#include "cli/demo.h"

#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "alloc/bytes.h"
#include "cli/output.h"
#include "cli/stage.h"
#include "cli/text.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {
namespace {

bool Pipeline(Stage* stage) {
  const Actor pull = stage->Enter(SocketType::kPull);
  const Actor push = stage->Enter(SocketType::kPush);
  if (!stage->Join("PUSH to PULL", pull, push, "tcp://127.0.0.1:*")) return false;
  for (int job = 1; job <= 3; ++job) {
    stage->Pass("push", push, "pull", pull, Message(absl::StrCat("job ", job)));
  }
  return true;
}

bool RequestReply(Stage* stage) {
  const Actor rep = stage->Enter(SocketType::kRep);
  const Actor req = stage->Enter(SocketType::kReq);
  if (!stage->Join("REQ and REP", rep, req, "ipc://*")) return false;
  for (std::string_view question : {"what time is it", "and now"}) {
    const Message got = stage->Pass("req", req, "rep", rep, Message(question));
    stage->Pass("rep", rep, "req", req, Message({"you asked", got.text(), "it is time"}));
  }
  return true;
}

bool Routing(Stage* stage) {
  const Actor router = stage->Enter(SocketType::kRouter);
  const Actor dealer = stage->Enter(SocketType::kDealer, {.routing_id = "worker-7"});
  if (!stage->Join("ROUTER and DEALER", router, dealer, "tcp://127.0.0.1:*")) return false;
  Message hello = stage->Pass("dealer", dealer, "router", router, Message({"ready", "for work"}));
  std::printf("  router knows the sender as %s\n", Escape(AsText(hello.routing_id())).c_str());
  Message task("fetch the morning paper");
  task.set_to(hello.routing_id());
  stage->Pass("router", router, "dealer", dealer, std::move(task));
  return true;
}

bool Publishing(Stage* stage) {
  const Actor pub = stage->Enter(SocketType::kPub);
  const Actor sub = stage->Enter(SocketType::kSub);
  if (absl::Status subscribed = sub->Subscribe("weather."); !subscribed.ok()) return false;
  if (!stage->Join("PUB to SUB", pub, sub, "tcp://127.0.0.1:*")) return false;
  if (!stage->Until([&] { return pub->core().topics() > 0; })) return false;
  std::printf("  sub wants what begins with weather., so this does not cross: sport.results\n");
  Message unwanted("sport.results");
  if (!pub->TrySend(&unwanted).ok()) return false;
  stage->Pass("pub", pub, "sub", sub, Message({"weather.berlin", "rain"}));
  return true;
}

bool Exclusive(Stage* stage) {
  const Actor one = stage->Enter(SocketType::kPair);
  const Actor other = stage->Enter(SocketType::kPair);
  if (!stage->Join("PAIR", one, other, absl::StrCat("ipc://@monocoque-demo-", getpid())))
    return false;
  stage->Pass("other", other, "one", one, Message("only the two of us"));
  stage->Pass("one", one, "other", other,
              Message(std::string_view("octets \x00\x01\xff and all", 18)));
  return true;
}

}  // namespace

int RunDemo() {
  const Instant begin = net::Now();
  Stage stage;
  if (const absl::Status open = stage.Open(); !open.ok()) {
    Complain(open.message());
    return 1;
  }
  const bool joined = Pipeline(&stage) && RequestReply(&stage) && Routing(&stage) &&
                      Publishing(&stage) && Exclusive(&stage);
  const bool all = joined && stage.arrived() == stage.sent();
  std::printf("\n%d of %d messages arrived, %zu octets, in %s: %s\n", stage.arrived(), stage.sent(),
              stage.octets(),
              absl::FormatDuration(absl::Trunc(net::Now() - begin, absl::Microseconds(1))).c_str(),
              all ? "all is well" : "something is wrong");
  if (!stage.left_out().empty()) {
    std::printf("left out: %s\n", absl::StrJoin(stage.left_out(), ", ").c_str());
  }
  if (std::fflush(stdout) != 0) {
    Complain("stdout takes nothing");
    return 1;
  }
  return all ? 0 : 1;
}

}  // namespace monocoque::cli
