// What idle links cost a loop: processor time of a round trip between two sockets of one loop, on
// each adapter, with no other link there and with thousands that nothing happens on. Their other
// ends are in another process. Then the same in instructions, counted one by one: of the library
// and its runtime, without the kernel's, and exact.
//
//   idle_links [LINKS=10000] [TRIPS=20000]
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "bench/contender.h"
#include "bench/process.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/idle_trips.h"

namespace monocoque::bench {
namespace {

using testing::AdapterFace;
using testing::FaceSocket;

void Check(const absl::Status& status) {
  if (!status.ok()) Die(std::string(status.message()));
}

double ProcessorMicros() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

// Microseconds of processor time, both sides and the kernel's part of it.
double RoundTrip(AdapterFace* face, FaceSocket* req, FaceSocket* rep, std::size_t trips) {
  double begin = 0;
  const std::size_t warm = trips / 10;
  for (std::size_t i = 0; i < warm + trips; ++i) {
    if (i == warm) begin = ProcessorMicros();
    Message message("x");
    Check(face->Send(req, &message));
    Check(face->Receive(rep, &message));
    Check(face->Send(rep, &message));
    Check(face->Receive(req, &message));
  }
  return (ProcessorMicros() - begin) / static_cast<double>(trips);
}

void Run(std::string_view adapter, std::size_t links, std::size_t trips) {
  Child others([&](int out) {
    AdapterFace face(adapter);
    const auto router = face.MakeSocket(SocketType::kRouter);
    const auto bound = router->Bind("tcp://127.0.0.1:*");
    Check(bound.status());
    Tell(out, *bound);
    for (;;) face.Turn();
  });
  const std::string endpoint = others.Line();
  AdapterFace face(adapter);
  const auto rep = face.MakeSocket(SocketType::kRep);
  const auto bound = rep->Bind("tcp://127.0.0.1:*");
  Check(bound.status());
  const auto req = face.MakeSocket(SocketType::kReq);
  Check(req->Connect(*bound));
  const double alone = RoundTrip(&face, req.get(), rep.get(), trips);
  const auto dealer = face.MakeSocket(SocketType::kDealer);
  for (std::size_t i = 0; i < links; ++i) {
    Check(dealer->Connect(endpoint));
    if (i % 256 == 255) face.Turn();
  }
  if (!face.Until([&] { return dealer->core().ready_peers() == links; })) Die("not all came");
  const double beside = RoundTrip(&face, req.get(), rep.get(), trips);
  std::printf(
      "%-6s alone %.2f us of processor time a round trip, beside %zu idle links %.2f, "
      "ratio %.2f\n",
      std::string(adapter).c_str(), alone, links, beside, beside / alone);
  std::fflush(stdout);
}

void RunCounted(std::string_view adapter, std::size_t links) {
  constexpr std::size_t kTrips = 9;
  const auto counted = testing::CountTrips(adapter, links, kTrips);
  Check(counted.status());
  std::printf("%-6s alone %.0f instructions a round trip, beside %zu idle links %.0f, ratio %.4f\n",
              std::string(adapter).c_str(), counted->alone, links, counted->beside,
              counted->beside / counted->alone);
  std::fflush(stdout);
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  std::size_t links = 10000;
  std::size_t trips = 20000;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &links)) ||
      (argc > 2 && (!absl::SimpleAtoi(argv[2], &trips) || trips == 0))) {
    monocoque::bench::Die("idle_links [LINKS] [TRIPS]");
  }
  for (const std::string_view adapter : monocoque::testing::AllAdapters()) {
    monocoque::bench::Run(adapter, links, trips);
    monocoque::bench::RunCounted(adapter, links);
  }
  return 0;
}
