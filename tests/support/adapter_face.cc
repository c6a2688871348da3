#include "tests/support/adapter_face.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace monocoque::testing {
namespace {

// Much longer than anything takes on a loaded machine: what is late has failed.
constexpr absl::Duration kSoon = absl::Seconds(40);
// A turn waits no longer: what a test waits for may be at the other end.
constexpr absl::Duration kMoment = absl::Milliseconds(1);

}  // namespace

AdapterFace::AdapterFace(std::string_view adapter) : AdapterFace(cli::MakeHost(adapter)) {}

AdapterFace::AdapterFace(std::unique_ptr<cli::Host> host) : host_(std::move(host)) {
  EXPECT_TRUE(host_->status().ok()) << host_->status();
}

std::unique_ptr<FaceSocket> AdapterFace::MakeSocket(SocketType type, const SocketOptions& options) {
  auto socket = host_->MakeSocket(type, options);
  EXPECT_TRUE(socket.ok()) << socket.status();
  return socket.ok() ? *std::move(socket) : nullptr;
}

void AdapterFace::Turn() { host_->RunOnce(kMoment); }

bool AdapterFace::Until(const std::function<bool()>& holds) {
  const absl::Time deadline = absl::Now() + kSoon;
  while (!holds()) {
    if (absl::Now() > deadline) return false;
    Turn();
  }
  return true;
}

absl::Status AdapterFace::Send(FaceSocket* socket, Message* message) {
  absl::Status sent;
  const bool in_time = Until([&] {
    sent = socket->TrySend(message);
    return !absl::IsUnavailable(sent);
  });
  if (!in_time) return absl::DeadlineExceededError("send: never");
  host_->RunOnce(absl::ZeroDuration());
  return sent;
}

absl::Status AdapterFace::Receive(FaceSocket* socket, Message* out) {
  if (Until([&] { return socket->TryReceive(out); })) return absl::OkStatus();
  return absl::DeadlineExceededError("receive: never");
}

std::vector<std::string_view> AllAdapters() { return cli::AdapterNames(); }

std::string AdapterTestName(std::string_view adapter) {
  std::string name(adapter);
  name[0] = absl::ascii_toupper(static_cast<unsigned char>(name[0]));
  return name;
}

}  // namespace monocoque::testing
