// What a host promises, on each adapter.
#include "cli/host.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/adapter_face.h"

namespace monocoque::cli {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::testing::ElementsAre;

class HostTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  HostTest() : face_(GetParam()) {}

  AdapterFace face_;
};

TEST(AdaptersTest, AllAreThere) {
  EXPECT_THAT(AdapterNames(), ElementsAre("uring", "uv", "asio"));
  EXPECT_EQ(MakeHost("epoll"), nullptr);
}

TEST_P(HostTest, OptionsThatDoNotFitAreRefused) {
  const auto host = MakeHost(GetParam());
  const auto socket = host->MakeSocket(SocketType::kDealer, {.routing_id = std::string(256, 'x')});
  EXPECT_EQ(socket.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(socket.status().message().empty());
}

// Errors come as the core says them, whatever the adapter makes of them.
TEST_P(HostTest, ErrorsKeepTheirKindAndSentence) {
  const auto pull = face_.MakeSocket(SocketType::kPull);
  Message message("x");
  const absl::Status sent = pull->TrySend(&message);
  EXPECT_EQ(sent.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(sent.message().empty());
  EXPECT_EQ(pull->Connect("nonsense").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(pull->Join("group").code(), absl::StatusCode::kFailedPrecondition);
  const auto push = face_.MakeSocket(SocketType::kPush);
  const absl::Status not_now = push->TrySend(&message);
  EXPECT_EQ(not_now, absl::UnavailableError(""));
  EXPECT_EQ(message.text(), "x");
}

// RADIO-5: what is asked of the core socket is done at once, and its peers hear of it.
TEST_P(HostTest, AskReachesTheCoreAndItsPeers) {
  const auto radio = face_.MakeSocket(SocketType::kRadio);
  const auto dish = face_.MakeSocket(SocketType::kDish);
  const auto bound = radio->Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(bound.ok()) << bound.status();
  ASSERT_TRUE(dish->Connect(*bound).ok());
  ASSERT_TRUE(face_.Until([&] { return dish->core().ready_peers() == 1; }));
  EXPECT_TRUE(dish->Join("news").ok());
  EXPECT_EQ(dish->Join("news").code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(face_.Until([&] { return radio->core().topics() == 1; }));
  radio->Ask([](monocoque::Socket* core, Instant now) {
    Message message("late edition");
    ASSERT_TRUE(message.set_group("news"));
    EXPECT_TRUE(core->Send(&message, now).ok());
  });
  EXPECT_FALSE(radio->CanReceive());
  ASSERT_TRUE(face_.Until([&] { return dish->CanReceive(); }));
  EXPECT_TRUE(dish->CanReceive()) << "looking takes nothing";
  Message got;
  ASSERT_TRUE(face_.Receive(dish.get(), &got).ok());
  EXPECT_FALSE(dish->CanReceive());
  EXPECT_EQ(got.text(), "late edition");
  EXPECT_EQ(AsText(got.group()), "news");
}

// TR-6: what was not written by then is counted, and the counts outlive the end.
TEST_P(HostTest, CountsOutliveTheEnd) {
  const auto push = face_.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push->Connect(absl::StrCat("ipc://@monocoque-host-nobody-", getpid())).ok());
  Message message("to nobody");
  ASSERT_TRUE(push->TrySend(&message).ok());
  EXPECT_FALSE(push->closed());
  push->StartClose(absl::Milliseconds(10));
  ASSERT_TRUE(face_.Until([&] { return push->closed(); }));
  EXPECT_EQ(push->stats().messages_sent, 1u);
  EXPECT_EQ(push->stats().lost, 1u);
}

// One that is destroyed while it closes is in nobody's way.
TEST_P(HostTest, DestroyedWhileItCloses) {
  auto push = face_.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push->Connect(absl::StrCat("ipc://@monocoque-host-nobody-", getpid())).ok());
  Message message("to nobody");
  ASSERT_TRUE(push->TrySend(&message).ok());
  push->StartClose(absl::InfiniteDuration());
  push.reset();
  int turns = 0;
  EXPECT_TRUE(face_.Until([&] { return ++turns > 3; }));
}

TEST_P(HostTest, AwaitsDescriptors) {
  const auto host = MakeHost(GetParam());
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const int flags = fcntl(ends[0], F_GETFL);
  int read = 0;
  int written = 0;
  host->Await(ends[1], true, [&] { ++written; });
  host->Await(ends[0], false, [&] { ++read; });
  for (int i = 0; i < 100 && written == 0; ++i) host->RunOnce(absl::Milliseconds(100));
  EXPECT_EQ(written, 1);
  EXPECT_EQ(read, 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  for (int i = 0; i < 100 && read == 0; ++i) host->RunOnce(absl::Milliseconds(100));
  EXPECT_EQ(read, 1);
  EXPECT_EQ(fcntl(ends[0], F_GETFL), flags);
  // Again, and at its end.
  close(ends[1]);
  char octet = 0;
  ASSERT_EQ(::read(ends[0], &octet, 1), 1);
  host->Await(ends[0], false, [&] { ++read; });
  for (int i = 0; i < 100 && read == 1; ++i) host->RunOnce(absl::Milliseconds(100));
  EXPECT_EQ(read, 2);
  close(ends[0]);
}

// A file can always be read; one that is waited for at the end is left open.
TEST_P(HostTest, AwaitsFilesAndLeavesDescriptorsOpen) {
  std::string path = ::testing::TempDir() + "/host-XXXXXX";
  const int file = mkstemp(path.data());
  ASSERT_GE(file, 0);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  {
    const auto host = MakeHost(GetParam());
    bool ready = false;
    host->Await(file, false, [&] { ready = true; });
    for (int i = 0; i < 100 && !ready; ++i) host->RunOnce(absl::Milliseconds(100));
    EXPECT_TRUE(ready);
    host->Await(ends[0], false, [] { ADD_FAILURE() << "nothing came"; });
    host->RunOnce(absl::ZeroDuration());
  }
  for (int fd : {file, ends[0], ends[1]}) {
    EXPECT_GE(fcntl(fd, F_GETFD), 0);
    close(fd);
  }
  unlink(path.c_str());
}

INSTANTIATE_TEST_SUITE_P(All, HostTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& param) { return AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque::cli
