// What a message is: one part that reads like a string, or several that are a range; shared, never
// copied twice.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "adapters/sim/simulation.h"
#include "alloc/slice.h"
#include "protocol/drive/ids.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

using namespace monocoque;

namespace {

int failed = 0;
void Expect(bool holds, const char* what) {
  std::printf("%s %s\n", holds ? "ok:" : "NOT:", what);
  failed += holds ? 0 : 1;
}

// What a message knows of its origin. The sockets are of the simulator; every adapter's do the
// same.
void Origins() {
  sim::Simulation sim;
  sim::Socket radio = sim.MakeSocket(SocketType::kRadio), dish = sim.MakeSocket(SocketType::kDish);
  sim::Socket router = sim.MakeSocket(SocketType::kRouter);
  sim::Socket dealer = sim.MakeSocket(SocketType::kDealer, {.routing_id = "worker-7"});
  const bool joined = dish.Join("weather").ok() && radio.Bind("sim://weather").ok() &&
                      dish.Connect("sim://weather").ok() && sim.RunUntilIdle();
  Message report("rain");
  Expect(report.group().empty() && report.peer() == PeerId(), "one made by hand has none");
  Expect(joined && report.set_group("weather") && radio.Send(&report).ok(), "a group to send to");
  Message m = dish.Receive().value_or(Message());
  Expect(m.text() == "rain" && AsText(m.group()) == "weather", "and the group it came by");

  const bool connected = router.Bind("sim://work").ok() && dealer.Connect("sim://work").ok();
  Expect(connected && dealer.Send("ready").ok(), "a worker says that it is there");
  m = router.Receive().value_or(Message());
  Expect(AsText(m.routing_id()) == "worker-7", "the name it chose is told");
  const PeerId peer = m.peer();
  Expect(peer && peer == router.core().FindPeer(m.routing_id()), "and which peer of ours it is");
}

}  // namespace

int main() {
  Message m("text");
  Expect(m.text() == "text" && m.size() == 4, "one part reads like a string");

  Message parts({"id", "", "body"});
  std::size_t octets = 0;
  for (Slice part : parts) octets += part.size();
  Expect(parts.part_count() == 3 && parts[2].text() == "body" && octets == 6, "parts are a range");

  const Bytes body = parts[2].bytes();
  Expect(body.size() == 4 && body[0] == 'b', "of octets");

  // The user's own memory, sent without a copy; released when nobody looks at it any more.
  static bool released = false;
  const auto release = [](void* p) {
    std::free(p);
    released = true;
  };
  constexpr std::size_t kSize = 1 << 20;
  void* ptr = std::calloc(kSize, 1);
  {
    Message big(Slice::Adopt(ptr, kSize, release));
    Message copy = big;  // cheap: shares
    Expect(copy.bytes().data() == ptr && !released, "copies share");
  }
  Expect(released, "and let go");

  m.set_to("worker-7");
  Expect(AsText(m.routing_id()) == "worker-7", "a destination travels with the message");
  m.IdToFront();
  Expect(m.part_count() == 2 && m[0].text() == "worker-7", "and can be made a part");
  Origins();
  return failed;
}
