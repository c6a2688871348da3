#include "cli/demo.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/host.h"
#include "cli/output.h"
#include "cli/text.h"

namespace monocoque::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// A socket and whose it is.
struct Actor {
  std::unique_ptr<HostSocket> socket;
  std::string_view adapter;

  HostSocket* operator->() const { return socket.get(); }
};

// What crossed, as it crosses, between sockets of all adapters.
class Stage {
 public:
  // An error: one of the adapters cannot be used.
  absl::Status Open() {
    for (std::string_view name : AdapterNames()) {
      hosts_.push_back({MakeHost(name), name});
      if (absl::Status usable = hosts_.back().host->status(); !usable.ok()) return usable;
    }
    return absl::OkStatus();
  }

  // Adapters have their turn one after the other: with three, each has met both others after three
  // pairs.
  Actor Enter(SocketType type, const SocketOptions& options = {}) {
    const Place& place = hosts_[entered_++ % hosts_.size()];
    absl::StatusOr<std::unique_ptr<HostSocket>> socket = place.host->MakeSocket(type, options);
    return {socket.ok() ? *std::move(socket) : nullptr, place.adapter};
  }

  // Two sockets joined over `endpoint`; false if that failed.
  bool Join(std::string_view title, const Actor& listens, const Actor& dials,
            std::string_view endpoint) {
    const absl::StatusOr<std::string> bound = listens->Bind(endpoint);
    absl::Status joined = bound.status();
    if (joined.ok()) joined = dials->Connect(*bound);
    if (!joined.ok()) {
      std::printf("%s: %s\n", std::string(title).c_str(), std::string(joined.message()).c_str());
      return false;
    }
    std::printf("\n%s over %s, %s listens, %s dials\n", std::string(title).c_str(), bound->c_str(),
                std::string(listens.adapter).c_str(), std::string(dials.adapter).c_str());
    return true;
  }

  // Turns all loops until it holds; false: it did not in time.
  bool Until(const std::function<bool()>& holds) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (!holds()) {
      if (absl::Now() > deadline) return false;
      for (const Place& place : hosts_) place.host->RunOnce(absl::Milliseconds(1));
    }
    return true;
  }

  // Sends from one to the other; the message that arrived, if it did.
  Message Pass(std::string_view from, const Actor& sender, std::string_view to,
               const Actor& receiver, Message message) {
    ++sent_;
    const std::string shown = absl::StrCat("  ", Padded(from), " -> ", Padded(to), " ",
                                           FormatLine(message, Format::kText));
    absl::Status status;
    Message arrived;
    const bool all = Until([&] {
                       status = sender->TrySend(&message);
                       return !absl::IsUnavailable(status);
                     }) &&
                     status.ok() && Until([&] { return receiver->TryReceive(&arrived); });
    if (all) {
      ++arrived_;
      octets_ += arrived.total_bytes();
    }
    std::printf("%s%s\n", shown.c_str(), all ? "" : "   LOST");
    std::fflush(stdout);
    return arrived;
  }

  int sent() const { return sent_; }
  int arrived() const { return arrived_; }
  std::size_t octets() const { return octets_; }

 private:
  struct Place {
    std::unique_ptr<Host> host;
    std::string_view adapter;
  };

  static std::string Padded(std::string_view name) {
    return absl::StrCat(name, std::string(8 - std::min<std::size_t>(name.size(), 8), ' '));
  }

  std::vector<Place> hosts_;
  std::size_t entered_ = 0;
  int sent_ = 0;
  int arrived_ = 0;
  std::size_t octets_ = 0;
};

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
  const absl::Time begin = absl::Now();
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
              absl::FormatDuration(absl::Trunc(absl::Now() - begin, absl::Microseconds(1))).c_str(),
              all ? "all is well" : "something is wrong");
  if (std::fflush(stdout) != 0) {
    Complain("stdout takes nothing");
    return 1;
  }
  return all ? 0 : 1;
}

}  // namespace monocoque::cli
