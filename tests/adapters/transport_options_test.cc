// What TransportOptions ask for, on every adapter, as the kernel or a peer sees it.
#include "protocol/drive/transport_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/descriptors.h"
#include "tests/support/raw_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::ConnectedTo;
using ::monocoque::testing::ConnectRaw;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::IntOption;
using ::monocoque::testing::ListeningAt;
using ::monocoque::testing::OtherEndOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Binds a descriptor that asks for nothing more, for a moment: 0, or why it cannot be.
int BindAlone(const std::string& endpoint, std::string* bound = nullptr) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const net::Address address = *net::AddressForBind(*ParseEndpoint(endpoint));
  const int error = bind(fd, address.get(), address.size) == 0 ? 0 : errno;
  if (bound != nullptr) *bound = net::LocalEndpoint(fd).ToString();
  close(fd);
  return error;
}

// An address of that host with a port that nobody uses.
std::string FreeAddress(std::string_view host) {
  std::string bound;
  EXPECT_EQ(BindAlone(absl::StrCat("tcp://", host, ":*"), &bound), 0);
  return bound;
}

class TransportOptionsTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  TransportOptionsTest() : face_(GetParam()) {}

  std::unique_ptr<FaceSocket> Make(SocketType type, const TransportOptions& transport) {
    SocketOptions options;
    options.link.transport = transport;
    options.link.reconnect.interval = absl::Milliseconds(20);
    return face_.MakeSocket(type, options);
  }
  // A PULL that listens and a PUSH that is connected to it, and a message over both.
  void Join(const std::string& at, const TransportOptions& transport) {
    pull_ = Make(SocketType::kPull, transport);
    push_ = Make(SocketType::kPush, transport);
    const auto bound = pull_->Bind(at);
    ASSERT_TRUE(bound.ok()) << bound.status();
    bound_ = *bound;
    ASSERT_TRUE(push_->Connect(bound_).ok());
    Pass();
  }
  void Pass() {
    Message message("passes");
    ASSERT_EQ(face_.Send(push_.get(), &message), absl::OkStatus());
    ASSERT_EQ(face_.Receive(pull_.get(), &message), absl::OkStatus());
    EXPECT_EQ(message.text(), "passes");
  }
  // The first event of that kind.
  SocketEvent Next(FaceSocket* socket, SocketEvent::Kind kind) {
    SocketEvent event;
    EXPECT_TRUE(face_.Until([&] {
      while (socket->NextEvent(&event)) {
        if (event.kind == kind) return true;
      }
      return false;
    })) << SocketEventName(kind);
    return event;
  }
  // Its status.
  absl::Status Told(FaceSocket* socket, SocketEvent::Kind kind) {
    return Next(socket, kind).status;
  }
  // Who connects there is closed before an octet of his is read, and the listener tells why.
  std::string RefusalAt(const std::string& at, const TransportOptions& transport) {
    const auto pull = Make(SocketType::kPull, transport);
    const auto bound = pull->Bind(at);
    EXPECT_TRUE(bound.ok()) << bound.status();
    if (!bound.ok()) return "";
    const int fd = ConnectRaw(*bound);
    EXPECT_EQ(send(fd, "hello", 5, MSG_NOSIGNAL), 5);
    const absl::Status why = Told(pull.get(), SocketEvent::Kind::kAcceptFailed);
    EXPECT_TRUE(absl::IsPermissionDenied(why)) << why;
    char octet = 0;
    EXPECT_EQ(recv(fd, &octet, 1, 0), -1);
    EXPECT_EQ(errno, ECONNRESET) << "what was sent was not read";
    close(fd);
    return std::string(why.message());
  }

  AdapterFace face_;
  std::unique_ptr<FaceSocket> pull_;
  std::unique_ptr<FaceSocket> push_;
  std::string bound_;
};

TEST_P(TransportOptionsTest, TheKernelIsAskedOnBothSides) {
  TransportOptions asked;
  asked.keepalive = true;
  asked.keepalive_idle = absl::Milliseconds(39'100);
  asked.keepalive_interval = absl::Seconds(7);
  asked.keepalive_count = 4;
  asked.max_retransmit_time = absl::Microseconds(8'999'500);
  asked.type_of_service = 0x28;
  asked.priority = 3;
  asked.send_buffer_bytes = 40'000;
  asked.receive_buffer_bytes = 50'000;
  Join("tcp://127.0.0.1:*", asked);
  const int dialed = ConnectedTo(bound_);
  for (const int fd : {dialed, OtherEndOf(dialed)}) {
    EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_KEEPIDLE), 40);
    EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
    EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 9000);
    EXPECT_EQ(IntOption(fd, IPPROTO_IP, IP_TOS), 0x28);
    EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_PRIORITY), 3);
    // The kernel doubles both.
    EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_SNDBUF), 80'000);
    EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_RCVBUF), 100'000);
    EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  }
}

TEST_P(TransportOptionsTest, UnaskedTheSystemsOwnHolds) {
  Join("tcp://127.0.0.1:*", {});
  const int dialed = ConnectedTo(bound_);
  for (const int fd : {dialed, OtherEndOf(dialed)}) {
    EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    EXPECT_EQ(IntOption(fd, IPPROTO_IP, IP_TOS), 0);
    EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_PRIORITY), 0);
  }
}

TEST_P(TransportOptionsTest, BuffersOfUnixSockets) {
  Join("ipc://*", {.send_buffer_bytes = 30'000, .receive_buffer_bytes = 31'000});
  const int dialed = ConnectedTo(bound_);
  EXPECT_EQ(IntOption(dialed, SOL_SOCKET, SO_SNDBUF), 60'000);
  EXPECT_EQ(IntOption(dialed, SOL_SOCKET, SO_RCVBUF), 62'000);
}

TEST_P(TransportOptionsTest, TypeOfServiceOfIpv6) {
  Join("tcp://[::1]:*", {.type_of_service = 0x10});
  const int dialed = ConnectedTo(bound_);
  EXPECT_EQ(IntOption(dialed, IPPROTO_IPV6, IPV6_TCLASS), 0x10);
  EXPECT_EQ(IntOption(OtherEndOf(dialed), IPPROTO_IPV6, IPV6_TCLASS), 0x10);
}

TEST_P(TransportOptionsTest, OneDeviceForAllPackets) {
  Join("tcp://127.0.0.1:*", {.device = "lo"});
  std::array<char, 32> name{};
  socklen_t size = name.size();
  const int fd = ConnectedTo(bound_);
  ASSERT_EQ(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size), 0);
  EXPECT_STREQ(name.data(), "lo");
}

// What the system does not take is said in one line: where, which option, what value.
TEST_P(TransportOptionsTest, WhatTheSystemRefusesIsNamed) {
  const TransportOptions nowhere{.device = "no\nsuch"};
  const auto pull = Make(SocketType::kPull, nowhere);
  const absl::Status bound = pull->Bind("tcp://127.0.0.1:*").status();
  EXPECT_THAT(std::string(bound.message()),
              StartsWith("bind tcp://127.0.0.1:*: the system does not take device = no\\nsuch ("));
  const auto push = Make(SocketType::kPush, nowhere);
  ASSERT_TRUE(push->Connect("tcp://127.0.0.1:1").ok());
  EXPECT_THAT(std::string(Told(push.get(), SocketEvent::Kind::kDialFailed).message()),
              StartsWith("connect tcp://127.0.0.1:1: the system does not take device = no\\nsuch"));
}

// Needs a privilege: the system decides, and it holds or is said.
TEST_P(TransportOptionsTest, BusyPolling) {
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  const int micros = 50;
  const bool may = setsockopt(probe, SOL_SOCKET, SO_BUSY_POLL, &micros, sizeof(micros)) == 0;
  close(probe);
  if (may) {
    Join("tcp://127.0.0.1:*", {.busy_poll = micros});
    EXPECT_EQ(IntOption(ConnectedTo(bound_), SOL_SOCKET, SO_BUSY_POLL), micros);
  } else {
    const auto pull = Make(SocketType::kPull, {.busy_poll = micros});
    const absl::Status refused = pull->Bind("tcp://127.0.0.1:*").status();
    EXPECT_THAT(std::string(refused.message()), HasSubstr("busy_poll = 50"));
  }
}

TEST_P(TransportOptionsTest, TheBacklogIsAsLongAsAsked) {
  Join("tcp://127.0.0.1:*", {.backlog = 17});
  tcp_info info{};
  socklen_t size = sizeof(info);
  ASSERT_EQ(getsockopt(ListeningAt(bound_), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  // Of a descriptor that listens the kernel tells it there.
  EXPECT_EQ(info.tcpi_sacked, 17u);
}

// E-3, E-8.
TEST_P(TransportOptionsTest, BothVersionsOfIp) {
  pull_ = Make(SocketType::kPull, {.ipv6 = true});
  const auto bound = pull_->Bind("tcp://*:*");
  ASSERT_TRUE(bound.ok()) << bound.status();
  ASSERT_THAT(*bound, StartsWith("tcp://[::]:"));
  const std::string port = bound->substr(bound->rfind(':'));
  for (const char* host : {"127.0.0.1", "[::1]"}) {
    push_ = Make(SocketType::kPush, {});
    ASSERT_TRUE(push_->Connect(absl::StrCat("tcp://", host, port)).ok());
    Pass();
  }
}

TEST_P(TransportOptionsTest, WithoutIpv6) {
  const auto pull = Make(SocketType::kPull, {.ipv6 = false});
  EXPECT_THAT(std::string(pull->Bind("tcp://[::1]:*").status().message()),
              HasSubstr("the option ipv6 is false"));
  EXPECT_THAT(*pull->Bind("tcp://*:*"), StartsWith("tcp://0.0.0.0:"));
  const auto push = Make(SocketType::kPush, {.ipv6 = false});
  ASSERT_TRUE(push->Connect("tcp://[::1]:1").ok());
  EXPECT_THAT(std::string(Told(push.get(), SocketEvent::Kind::kDialFailed).message()),
              HasSubstr("the option ipv6 is false"));
}

// E-3, E-7: an interface by its name to listen at, an address of ours to dial from.
TEST_P(TransportOptionsTest, InterfacesAndSourceAddresses) {
  pull_ = Make(SocketType::kPull, {});
  push_ = Make(SocketType::kPush, {});
  const auto bound = pull_->Bind("tcp://lo:*");
  ASSERT_TRUE(bound.ok()) << bound.status();
  ASSERT_THAT(*bound, StartsWith("tcp://127.0.0.1:"));
  const std::string target = bound->substr(std::string_view("tcp://").size());
  ASSERT_TRUE(push_->Connect(absl::StrCat("tcp://127.0.0.2:0;", target)).ok());
  Pass();
  EXPECT_THAT(net::LocalEndpoint(ConnectedTo(*bound)).ToString(), StartsWith("tcp://127.0.0.2:"));
}

// E-7: one source address, its port fixed, for several destinations; also just after it was in use,
// while the kernel still keeps the old connection's end.
TEST_P(TransportOptionsTest, ASourceAddressServesAgain) {
  const std::string source = FreeAddress("127.0.0.2");
  const std::string own = source.substr(std::string_view("tcp://").size());
  const auto from_there = [&own](const std::string& to) {
    return absl::StrCat("tcp://", own, ";", to.substr(std::string_view("tcp://").size()));
  };
  std::array<std::unique_ptr<FaceSocket>, 3> pulls;
  std::array<std::string, 3> at;
  for (std::size_t i = 0; i < pulls.size(); ++i) {
    pulls[i] = Make(SocketType::kPull, {});
    const auto bound = pulls[i]->Bind("tcp://127.0.0.1:*");
    ASSERT_TRUE(bound.ok()) << bound.status();
    at[i] = *bound;
  }
  push_ = Make(SocketType::kPush, {});
  for (const std::size_t i : {0u, 1u}) {
    ASSERT_TRUE(push_->Connect(from_there(at[i])).ok());
    Next(pulls[i].get(), SocketEvent::Kind::kReady);
    Next(push_.get(), SocketEvent::Kind::kReady);
    EXPECT_EQ(net::LocalEndpoint(ConnectedTo(at[i])).ToString(), source);
  }
  push_.reset();
  for (const std::size_t i : {0u, 1u}) Next(pulls[i].get(), SocketEvent::Kind::kClosed);
  ASSERT_EQ(BindAlone(source), EADDRINUSE) << "the kernel keeps nothing: this shows nothing";
  push_ = Make(SocketType::kPush, {});
  pull_ = std::move(pulls[2]);
  ASSERT_TRUE(push_->Connect(from_there(at[2])).ok());
  Pass();
}

// Where nobody listens the kernel may join a dialer to itself (RFC 9293, simultaneous open), as it
// does here each time. That is nobody: refused, and tried again.
TEST_P(TransportOptionsTest, ADialerDoesNotTalkToItself) {
  const std::string at = FreeAddress("127.0.0.1");
  const std::string own = at.substr(std::string_view("tcp://").size());
  push_ = Make(SocketType::kPair, {});
  ASSERT_TRUE(push_->Connect(absl::StrCat("tcp://", own, ";", own)).ok());
  std::vector<std::string> failures;
  bool connected = false;
  EXPECT_TRUE(face_.Until([&] {
    for (SocketEvent event; push_->NextEvent(&event);) {
      if (event.kind == SocketEvent::Kind::kConnected) connected = true;
      if (event.kind == SocketEvent::Kind::kDialFailed) {
        failures.emplace_back(event.status.message());
      }
    }
    return connected || failures.size() >= 3;
  }));
  EXPECT_FALSE(connected);
  EXPECT_THAT(failures, Each(HasSubstr("connection refused; nobody listens there")));
}

// Nobody answers: the queue of the listener is full, so that the kernel drops who asks.
TEST_P(TransportOptionsTest, ConnectingTakesNoLongerThanItMay) {
  const int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const net::Address any = *net::AddressForBind(*ParseEndpoint("tcp://127.0.0.1:*"));
  ASSERT_EQ(bind(full, any.get(), any.size), 0);
  ASSERT_EQ(listen(full, 0), 0);
  const std::string at = net::LocalEndpoint(full).ToString();
  const int client = ConnectRaw(at);
  SocketOptions options;
  options.link.handshake_timeout = absl::ZeroDuration();
  options.link.transport.connect_timeout = absl::Milliseconds(30);
  const auto push = face_.MakeSocket(SocketType::kPush, options);
  ASSERT_TRUE(push->Connect(at).ok());
  const absl::Status why = Told(push.get(), SocketEvent::Kind::kDialFailed);
  EXPECT_THAT(std::string(why.message()), StartsWith(absl::StrCat("connect ", at, ": ")));
  EXPECT_THAT(std::string(why.message()), HasSubstr("timed out"));
  close(client);
  close(full);
}

TEST_P(TransportOptionsTest, ProcessesAreLetInByUserGroupOrNumber) {
  for (const TransportOptions& let_in : {TransportOptions{.ipc_filter_uids = {geteuid()}},
                                         TransportOptions{.ipc_filter_gids = {7, getegid()}},
                                         TransportOptions{.ipc_filter_pids = {getpid()}}}) {
    Join("ipc://*", let_in);
  }
  const std::string us = absl::StrCat("process ", getpid(), " of user ", geteuid(), " and group ",
                                      getegid(), " is not let in");
  for (const TransportOptions& refused : {TransportOptions{.ipc_filter_uids = {geteuid() + 1}},
                                          TransportOptions{.ipc_filter_gids = {0xfffffff0}},
                                          TransportOptions{.ipc_filter_pids = {1'000'000'007}}}) {
    EXPECT_THAT(RefusalAt("ipc://*", refused), HasSubstr(us));
  }
}

// Whoever listens and whoever connects knows whose process the other is; over tcp nobody does.
TEST_P(TransportOptionsTest, ProcessesAreKnown) {
  for (const char* endpoint : {"ipc://*", "tcp://127.0.0.1:*"}) {
    Join(endpoint, {});
    for (FaceSocket* socket : {pull_.get(), push_.get()}) {
      const SocketEvent ready = Next(socket, SocketEvent::Kind::kReady);
      ASSERT_NE(ready.peer_info, nullptr);
      if (std::string_view(endpoint).starts_with("tcp")) {
        EXPECT_EQ(ready.peer_info->process, std::nullopt);
      } else {
        EXPECT_EQ(ready.peer_info->process,
                  (PeerProcess{.pid = getpid(), .uid = geteuid(), .gid = getegid()}));
      }
    }
  }
}

TEST_P(TransportOptionsTest, AddressesAreLetIn) {
  Join("tcp://127.0.0.1:*", {.tcp_accept_filters = {"10.0.0.0/8", "127.0.0.0/8"}});
  Join("tcp://[::1]:*", {.tcp_accept_filters = {"::1"}});
  EXPECT_THAT(RefusalAt("tcp://127.0.0.1:*", {.tcp_accept_filters = {"10.0.0.0/8"}}),
              HasSubstr("tcp_accept_filters"));
  const auto pull = Make(SocketType::kPull, {.tcp_accept_filters = {"10.0.0.0/40"}});
  EXPECT_THAT(std::string(pull->Bind("tcp://127.0.0.1:*").status().message()),
              HasSubstr("tcp_accept_filters has \"10.0.0.0/40\""));
}

// Somebody else opened it, and keeps it.
TEST_P(TransportOptionsTest, AListeningDescriptorIsTakenOver) {
  const int ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const net::Address any = *net::AddressForBind(*ParseEndpoint("tcp://127.0.0.1:*"));
  ASSERT_EQ(bind(ours, any.get(), any.size), 0);
  const auto early = Make(SocketType::kPull, {.descriptor = ours});
  EXPECT_THAT(std::string(early->Bind("tcp://127.0.0.1:*").status().message()),
              HasSubstr("does not listen"));
  ASSERT_EQ(listen(ours, 5), 0);
  pull_ = Make(SocketType::kPull, {.descriptor = ours});
  push_ = Make(SocketType::kPush, {});
  const auto bound = pull_->Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(*bound, net::LocalEndpoint(ours).ToString());
  ASSERT_TRUE(push_->Connect(*bound).ok());
  Pass();
  pull_.reset();
  EXPECT_EQ(IntOption(ours, SOL_SOCKET, SO_ACCEPTCONN), 1) << "it is still the caller's";
  close(ours);
}

TEST_P(TransportOptionsTest, ConnectedDescriptorsAreTakenOver) {
  std::array<int, 2> ends;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  pull_ = Make(SocketType::kPull, {.descriptor = ends[0]});
  push_ = Make(SocketType::kPush, {.descriptor = ends[1]});
  ASSERT_TRUE(pull_->Connect("ipc://@monocoque-pair").ok());
  ASSERT_TRUE(push_->Connect("ipc://@monocoque-pair").ok());
  for (const int fd : ends) close(fd);
  Pass();
  const auto wrong = Make(SocketType::kPush, {.descriptor = ends[1]});
  ASSERT_TRUE(wrong->Connect("tcp://127.0.0.1:1").ok());
  EXPECT_THAT(std::string(Told(wrong.get(), SocketEvent::Kind::kDialFailed).message()),
              HasSubstr("is no stream socket of that transport"));
}

INSTANTIATE_TEST_SUITE_P(All, TransportOptionsTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& param) { return AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque
