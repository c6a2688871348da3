#include "tests/hostile/siege.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "protocol/wire/command.h"
#include "protocol/wire/message.h"
#include "tests/support/allocations.h"

namespace monocoque::hostile {

using testing::CountAllocations;

void SiegeTest::Open(SocketType type, const SocketOptions& options, SocketType honest,
                     const SocketOptions& honest_options) {
  publishes_ = type == SocketType::kPub;
  socket_ = MakeSocket(type, options);
  if (authenticator_ != nullptr) socket_->SetAuthenticator(authenticator_);
  const absl::StatusOr<std::string> bound = socket_->Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(bound.ok()) << bound.status();
  at_ = *bound;
  honest_ = MakeSocket(honest, honest_options);
  if (authenticator_ != nullptr) honest_->SetAuthenticator(authenticator_);
  ASSERT_TRUE(honest_->Connect(at_).ok());
  if (publishes_) {
    ASSERT_TRUE(honest_->Subscribe("served").ok());
    ASSERT_TRUE(Until([this] { return socket_->core().topics() == 1; }));
  }
  ExpectServed();
  for (SocketEvent event; socket_->NextEvent(&event);) continue;
  before_ = CountAllocations().live_bytes;
}

SocketOptions SiegeTest::Impatient(MechanismOptions mechanism, absl::Duration patience) {
  SocketOptions options;
  options.link.mechanism = std::move(mechanism);
  options.link.handshake_timeout = patience;
  options.link.reconnect.interval = absl::Milliseconds(5);
  options.link.reconnect.max_interval = absl::Milliseconds(20);
  return options;
}

std::string SiegeTest::Command(std::string_view name, std::string_view data) {
  std::string octets;
  AppendCommand(&octets, name, AsBytes(data));
  return octets;
}

std::unique_ptr<RawPeer> SiegeTest::Attacker(std::string_view says) {
  auto peer = std::make_unique<RawPeer>(turn(), at_);
  EXPECT_TRUE(peer->connected());
  if (!says.empty()) {
    EXPECT_TRUE(peer->Write(says));
  }
  return peer;
}

void SiegeTest::Turn() {
  face_.Turn();
  if (before_ == 0) return;
  most_ = std::max(most_, CountAllocations().live_bytes - before_);
}

bool SiegeTest::Until(const std::function<bool()>& holds) {
  return face_.Until([&] {
    if (before_ != 0) most_ = std::max(most_, CountAllocations().live_bytes - before_);
    return holds();
  });
}

void SiegeTest::ExpectServed() {
  const std::string text = absl::StrCat("served ", ++served_);
  FaceSocket* const from = publishes_ ? socket_.get() : honest_.get();
  FaceSocket* const to = publishes_ ? honest_.get() : socket_.get();
  Message message(text);
  Message came;
  EXPECT_TRUE(Until([&] { return from->TrySend(&message).ok(); }));
  EXPECT_TRUE(Until([&] {
    while (to->TryReceive(&came)) {
      if (came.text() == text) return true;
    }
    return false;
  })) << "the honest peer waits for ever";
}

void SiegeTest::ExpectHeldAtMost(std::int64_t bytes) {
  Turn();
  RecordProperty("held_bytes", absl::StrCat(most_));
  EXPECT_LE(most_, bytes);
}

SocketEvent SiegeTest::Await(SocketEvent::Kind kind) {
  SocketEvent event;
  EXPECT_TRUE(Until([&] {
    while (socket_->NextEvent(&event)) {
      if (event.kind == kind) return true;
    }
    return false;
  })) << "never: "
      << SocketEventName(kind);
  return event;
}

void SiegeTest::ExpectClosed(int links, Cause cause, std::string_view text) {
  for (int i = 0; i < links; ++i) {
    const SocketEvent closed = Await(SocketEvent::Kind::kClosed);
    EXPECT_EQ(CauseOf(closed.status), cause) << closed.ToString();
    EXPECT_TRUE(absl::StrContains(closed.ToString(), text)) << closed.ToString();
  }
  EXPECT_EQ(socket_->core().ready_peers(), 1u);
}

}  // namespace monocoque::hostile
