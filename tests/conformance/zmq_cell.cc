#include "tests/conformance/zmq_cell.h"

#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"

namespace monocoque::conformance {
namespace {

constexpr int kTooMany = 200;
// Turns, and a time, in which nothing goes: another thread may be held up.
constexpr int kQuietTurns = 20;
constexpr absl::Duration kQuiet = absl::Milliseconds(200);

}  // namespace

std::vector<Absence> ZmqAbsences() {
  return {{"sim", "", "a simulated transport reaches nobody outside"},
          {"", "inproc", "libzmq's is within a context of its own"}};
}

std::unique_ptr<ZmqPeer> ZmqCellTest::Theirs(int type) {
  auto peer = std::make_unique<ZmqPeer>(type);
  peer->Set(ZMQ_RECONNECT_IVL, 5);
  return peer;
}

std::vector<Way> ZmqCellTest::Ways() {
  std::vector<std::string> places = {any()};
  if (over("ipc")) places.push_back(absl::StrCat("ipc://@monocoque-conformance-", getpid()));
  std::vector<Way> ways;
  for (const std::string& at : places) {
    for (const bool we_bind : {true, false}) ways.push_back({we_bind, at});
  }
  return ways;
}

void ZmqCellTest::Join(const Way& way, FaceSocket* ours, ZmqPeer* theirs) {
  if (way.we_bind) {
    theirs->Connect(Bind(ours, way.at));
  } else {
    Connect(ours, theirs->Bind(way.at));
  }
}

void ZmqCellTest::TheySend(ZmqPeer* from, const Parts& parts) {
  EXPECT_TRUE(Until([&] { return from->Send(parts); }));
}

Parts ZmqCellTest::TheyReceive(ZmqPeer* at) {
  Parts parts;
  EXPECT_TRUE(Until([&] { return at->Receive(&parts); }));
  return parts;
}

int ZmqCellTest::Fill(const std::function<bool()>& send) {
  int sent = 0, quiet = 0;
  Instant last = net::Now();
  for (; (quiet < kQuietTurns || net::Now() - last < kQuiet) && sent < kTooMany; Turn()) {
    ++quiet;
    if (!send()) continue;
    ++sent;
    quiet = 0;
    last = net::Now();
  }
  EXPECT_LT(sent, kTooMany) << "nobody slows the sender down";
  return sent;
}

int ZmqCellTest::WeFill(FaceSocket* from, std::string_view to) {
  return Fill([&] {
    Message message(large_);
    EXPECT_TRUE(message.set_to(to));
    const absl::Status status = from->TrySend(&message);
    EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
    return status.ok();
  });
}

int ZmqCellTest::TheyFill(ZmqPeer* from, const std::string& to) {
  return Fill([&] {
    const bool sent = from->Send(to.empty() ? Parts{large_} : Parts{to, large_});
    EXPECT_TRUE(sent || zmq_errno() == EAGAIN) << zmq_strerror(zmq_errno());
    return sent;
  });
}

}  // namespace monocoque::conformance
