#include "tests/support/idle_trips.h"

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/instructions.h"

namespace monocoque::testing {
namespace {

// A socket that takes all links and says nothing, in a process that ends with this object.
class OtherEnds {
 public:
  explicit OtherEnds(std::string_view adapter) {
    std::array<int, 2> ends;
    if (pipe(ends.data()) != 0) return;
    pid_ = fork();
    if (pid_ == 0) Serve(adapter, ends[1]);
    close(ends[1]);
    for (char c = 0; read(ends[0], &c, 1) == 1;) endpoint_.push_back(c);
    close(ends[0]);
  }
  OtherEnds(const OtherEnds&) = delete;
  OtherEnds& operator=(const OtherEnds&) = delete;
  ~OtherEnds() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // Empty: there is none.
  const std::string& endpoint() const { return endpoint_; }

 private:
  [[noreturn]] static void Serve(std::string_view adapter, int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    AdapterFace face(adapter);
    const auto router = face.MakeSocket(SocketType::kRouter);
    const auto bound = router->Bind("tcp://127.0.0.1:*");
    if (!bound.ok() || write(out, bound->data(), bound->size()) < 0) _exit(1);
    close(out);
    for (;;) face.Turn();
  }

  pid_t pid_ = -1;
  std::string endpoint_;
};

absl::Status Trip(AdapterFace* face, FaceSocket* req, FaceSocket* rep) {
  Message message("x");
  absl::Status status = face->Send(req, &message);
  status.Update(face->Receive(rep, &message));
  status.Update(face->Send(rep, &message));
  status.Update(face->Receive(req, &message));
  return status;
}

// A few before that, so that all is warm.
absl::Status Trips(AdapterFace* face, FaceSocket* req, FaceSocket* rep, std::size_t count,
                   const Mark& mark) {
  constexpr std::size_t kWarm = 100;
  absl::Status status;
  for (std::size_t i = 0; i < kWarm; ++i) status.Update(Trip(face, req, rep));
  for (std::size_t i = 0; i < count; ++i) {
    mark();
    status.Update(Trip(face, req, rep));
    mark();
  }
  return status;
}

absl::Status AloneAndBeside(std::string_view adapter, const std::string& others, std::size_t links,
                            std::size_t trips, const Mark& mark) {
  AdapterFace face(adapter);
  const auto rep = face.MakeSocket(SocketType::kRep);
  const auto bound = rep->Bind("tcp://127.0.0.1:*");
  if (!bound.ok()) return bound.status();
  const auto req = face.MakeSocket(SocketType::kReq);
  absl::Status status = req->Connect(*bound);
  status.Update(Trips(&face, req.get(), rep.get(), trips, mark));
  const auto dealer = face.MakeSocket(SocketType::kDealer);
  for (std::size_t i = 0; i < links && status.ok(); ++i) {
    status.Update(dealer->Connect(others));
    if (i % 64 == 63) face.Turn();
  }
  if (!face.Until([&] { return dealer->core().ready_peers() == links; })) {
    return absl::DeadlineExceededError("idle links: not all came");
  }
  status.Update(Trips(&face, req.get(), rep.get(), trips, mark));
  return status;
}

double Median(std::vector<std::uint64_t> counts) {
  std::ranges::sort(counts);
  return static_cast<double>(counts[counts.size() / 2]);
}

}  // namespace

absl::StatusOr<TripInstructions> CountTrips(std::string_view adapter, std::size_t links,
                                            std::size_t trips) {
  const OtherEnds others(adapter);
  if (others.endpoint().empty()) return absl::AbortedError("idle links: no other end");
  const auto counts = CountInstructions([&](const Mark& mark) {
    return AloneAndBeside(adapter, others.endpoint(), links, trips, mark);
  });
  if (!counts.ok()) return counts.status();
  if (counts->size() != 2 * trips) return absl::AbortedError("idle links: not all was counted");
  const auto middle = counts->begin() + static_cast<std::ptrdiff_t>(trips);
  return TripInstructions{Median({counts->begin(), middle}), Median({middle, counts->end()})};
}

}  // namespace monocoque::testing
