// Publish and subscribe in libuv: a publisher on a timer, and two subscribers who want different
// things. Each socket could as well be in a program of its own.
#include <uv.h>

#include <cstdio>
#include <string>

#include "adapters/uv/socket.h"

using monocoque::Message;
using monocoque::SocketType;
using monocoque::uv::Socket;

namespace {

constexpr int kReports = 5;

// What the publisher's timer needs.
struct Station {
  Socket pub;
  int reports = 0;
};

void OnTick(uv_timer_t* timer) {
  auto* station = static_cast<Station*>(timer->data);
  if (station->pub.core().topics() < 2) return;  // wait for both subscribers
  const std::string number = std::to_string(++station->reports);
  (void)station->pub.Send(Message({"weather.berlin", "rain " + number}));
  (void)station->pub.Send(Message({"sport.football", number + ":0"}));
  if (station->reports < kReports) return;
  uv_timer_stop(timer);
  station->pub.Close();
}

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  Station station{Socket(loop, SocketType::kPub)};
  const auto at = station.pub.Bind("tcp://127.0.0.1:*");
  if (!at.ok()) return 1;

  int seen = 0;
  Socket weather(loop, SocketType::kSub);
  Socket sport(loop, SocketType::kSub);
  for (auto [sub, prefix] : {std::pair(&weather, "weather."), std::pair(&sport, "sport.")}) {
    if (!sub->Subscribe(prefix).ok() || !sub->Connect(*at).ok()) return 1;
    sub->OnMessage([&seen, sub, count = 0](const Message& m) mutable {
      std::printf("%s: %s\n", std::string(m[0].text()).c_str(), std::string(m[1].text()).c_str());
      ++seen;
      if (++count == kReports) sub->Close();
    });
  }

  uv_timer_t tick;
  uv_timer_init(loop, &tick);
  tick.data = &station;
  uv_timer_start(&tick, OnTick, 0, 1);
  uv_run(loop, UV_RUN_DEFAULT);  // ends by itself: all is closed
  return seen == 2 * kReports ? 0 : 1;
}
