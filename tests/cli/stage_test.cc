#include "cli/stage.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/zap.h"
#include "cli/host.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {
namespace {

// A socket at which messages arrive as another one, be it what it may.
class Changing final : public HostSocket {
 public:
  Changing(std::unique_ptr<HostSocket> socket, Message into)
      : socket_(std::move(socket)), into_(std::move(into)) {}

  bool TryReceive(Message* out) override {
    if (!socket_->TryReceive(out)) return false;
    *out = into_;
    return true;
  }
  absl::StatusOr<std::string> Bind(std::string_view at) override { return socket_->Bind(at); }
  absl::Status Connect(std::string_view to) override { return socket_->Connect(to); }
  absl::Status TrySend(Message* message) override { return socket_->TrySend(message); }
  bool NextEvent(SocketEvent* out) override { return socket_->NextEvent(out); }
  void Ask(const Wish& wish) override { socket_->Ask(wish); }
  void SetAuthenticator(std::shared_ptr<Authenticator> who) override {
    socket_->SetAuthenticator(std::move(who));
  }
  void StartClose(absl::Duration linger) override { socket_->StartClose(linger); }
  bool closed() const override { return socket_->closed(); }
  const monocoque::Socket& core() const override { return socket_->core(); }
  const SocketStats& stats() const override { return socket_->stats(); }

 private:
  const std::unique_ptr<HostSocket> socket_;
  const Message into_;
};

// Sends {"one", "two"} to a receiver that makes `into` of it; what was said of that on stdout.
std::string Play(Stage* stage, const Message& into) {
  EXPECT_TRUE(stage->Open().ok());
  Actor pull = stage->Enter(SocketType::kPull);
  const Actor push = stage->Enter(SocketType::kPush);
  pull.socket = std::make_unique<Changing>(std::move(pull.socket), into);
  ::testing::internal::CaptureStdout();
  EXPECT_TRUE(stage->Join("PUSH to PULL", pull, push, "tcp://127.0.0.1:*"));
  EXPECT_EQ(stage->Pass("push", push, "pull", pull, Message({"one", "two"})), into);
  EXPECT_EQ(stage->sent(), 1);
  std::string said = ::testing::internal::GetCapturedStdout();
  return said.substr(said.rfind("  push"));
}

TEST(StageTest, WhatArrivesAsItWasSentCounts) {
  Stage stage;
  EXPECT_EQ(Play(&stage, Message({"one", "two"})), "  push     -> pull     one\ttwo\n");
  EXPECT_EQ(stage.arrived(), 1);
  EXPECT_EQ(stage.octets(), 6u);
}

TEST(StageTest, WhatArrivesAsSomethingElseDoesNot) {
  for (const Message& into : {Message({"one", "tvo"}), Message("onetwo"), Message("one"),
                              Message({"one", "two", ""}), Message({"on", "etwo"})}) {
    Stage stage;
    EXPECT_EQ(Play(&stage, into), "  push     -> pull     one\ttwo   CHANGED\n");
    EXPECT_EQ(stage.arrived(), 0);
    EXPECT_EQ(stage.octets(), 0u);
  }
}

}  // namespace
}  // namespace monocoque::cli
