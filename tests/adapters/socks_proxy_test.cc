// Connecting through a SOCKS5 proxy, on every adapter.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
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

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::FaceSocket;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::string_literals;

// A proxy for one client after the other, on a thread of its own. It connects all of them to the
// same target, wherever they want to go, and notes where that was.
class Proxy {
 public:
  enum class Manner {
    kOpen,      // asks for no name
    kAsksName,  // wants "ada" and "lovelace"
    kRefuses,   // with code 2
    kSaysNothing,
    kHangsUp,      // in the middle of its answer
    kAnswersLate,  // when it is told to, before it has heard of the target
  };

  Proxy(Manner manner, const std::string& target) : manner_(manner), target_(target) {
    const net::Address any = *net::AddressForBind(*ParseEndpoint("tcp://127.0.0.1:*"));
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(listener_, any.get(), any.size), 0);
    EXPECT_EQ(listen(listener_, 5), 0);
    thread_ = std::thread([this] { Work(); });
  }
  ~Proxy() {
    eventfd_write(stop_, 1);
    thread_.join();
    close(listener_);
    close(stop_);
    close(go_);
  }
  void Answer() const { eventfd_write(go_, 1); }
  // "host:port".
  std::string at() const { return absl::StrCat("127.0.0.1:", net::LocalEndpoint(listener_).port); }
  // What clients asked for, from the kind of address on.
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  // False: the test is over.
  bool Wait(int fd) const {
    pollfd polled[] = {{fd, POLLIN, 0}, {stop_, POLLIN, 0}};
    return poll(polled, 2, -1) > 0 && polled[1].revents == 0;
  }
  std::string Read(int fd, std::size_t count) const {
    std::string got;
    while (got.size() < count && Wait(fd)) {
      char octet = 0;
      if (recv(fd, &octet, 1, 0) != 1) break;
      got += octet;
    }
    return got;
  }
  static bool Write(int fd, std::string_view octets) {
    return send(fd, octets.data(), octets.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(octets.size());
  }
  void Work() {
    while (Wait(listener_)) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      Serve(client);
      close(client);
    }
  }
  // The greeting, the name perhaps, the wish; each octet of an answer by itself.
  void Serve(int client) {
    const std::string head = Read(client, 2);
    if (head.size() < 2) return;
    Read(client, static_cast<std::size_t>(head[1]));
    if (manner_ == Manner::kSaysNothing) {
      Read(client, 1);
      return;
    }
    if (manner_ == Manner::kAsksName) {
      Write(client, "\5\2"s);
      const bool known = Read(client, 14) == "\1\3ada\10lovelace"s && Write(client, "\1\0"s);
      if (!known) {
        Write(client, "\1\1"s);
        return;
      }
    } else {
      Write(client, "\5\0"s);
    }
    const std::string wish = Read(client, 5);
    if (wish.size() < 5) return;
    const std::size_t rest = wish[3] == 3 ? static_cast<std::size_t>(wish[4]) + 2 : 5;
    const std::string whole = wish.substr(3) + Read(client, rest);
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(whole);
    }
    if (manner_ == Manner::kHangsUp) {
      Write(client, "\5\0\0"s);
    } else if (manner_ == Manner::kRefuses) {
      Write(client, "\5\2\0\1\0\0\0\0\0\0"s);
    } else {
      Relay(client);
    }
  }
  void Relay(int client) const {
    const net::Address to = net::NumericAddresses(*ParseEndpoint(target_))->front();
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // The target's first octets come in one piece with the answer, as they well may.
    if (connect(server, to.get(), to.size) == 0) {
      std::array<char, 65536> buffer;
      std::string answer = "\5\0\0\3\4name\0\0"s;
      if (manner_ == Manner::kAnswersLate) {
        Wait(go_);
      } else if (Wait(server)) {
        const ssize_t got = recv(server, buffer.data(), buffer.size(), 0);
        if (got > 0) answer.append(buffer.data(), static_cast<std::size_t>(got));
      }
      Write(client, answer);
      Pump(client, server);
    }
    close(server);
  }
  void Pump(int client, int server) const {
    std::array<char, 65536> buffer;
    for (;;) {
      pollfd polled[] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {stop_, POLLIN, 0}};
      if (poll(polled, 3, -1) <= 0 || polled[2].revents != 0) return;
      for (const auto& [from, to] : {std::pair(client, server), std::pair(server, client)}) {
        if (polled[from == client ? 0 : 1].revents == 0) continue;
        const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
        if (got <= 0 || !Write(to, {buffer.data(), static_cast<std::size_t>(got)})) return;
      }
    }
  }

  const Manner manner_;
  const std::string target_;
  int listener_ = -1;
  const int stop_ = eventfd(0, EFD_CLOEXEC);
  const int go_ = eventfd(0, EFD_CLOEXEC);
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

class SocksProxyTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  SocksProxyTest() : face_(GetParam()), pull_(face_.MakeSocket(SocketType::kPull)) {
    auto bound = pull_->Bind("tcp://127.0.0.1:*");
    EXPECT_TRUE(bound.ok()) << bound.status();
    bound_ = *std::move(bound);
  }

  std::unique_ptr<FaceSocket> Push(const TransportOptions& transport) {
    SocketOptions options;
    options.link.transport = transport;
    options.link.reconnect.interval = absl::Seconds(30);
    return face_.MakeSocket(SocketType::kPush, options);
  }
  void Pass(FaceSocket* push) {
    for (const std::size_t size : {5u, 200'000u}) {
      Message message(std::string(size, 'm'));
      ASSERT_EQ(face_.Send(push, &message), absl::OkStatus());
      ASSERT_EQ(face_.Receive(pull_.get(), &message), absl::OkStatus());
      EXPECT_EQ(message.size(), size);
    }
  }
  // Why a dial through that proxy comes to nothing.
  std::string Failure(Proxy::Manner manner, TransportOptions transport = {}) {
    const Proxy proxy(manner, bound_);
    transport.socks_proxy = proxy.at();
    const auto push = Push(transport);
    EXPECT_TRUE(push->Connect("tcp://name.invalid:80").ok());
    std::string why;
    EXPECT_TRUE(face_.Until([&] {
      SocketEvent event;
      while (push->NextEvent(&event)) {
        if (event.kind == SocketEvent::Kind::kDialFailed) why = event.status.message();
      }
      return !why.empty();
    }));
    EXPECT_THAT(why, ::testing::StartsWith("connect tcp://name.invalid:80"));
    return why;
  }

  AdapterFace face_;
  std::unique_ptr<FaceSocket> pull_;
  std::string bound_;
};

// Names are not looked up here, and what follows the proxy's answer is the peer's.
TEST_P(SocksProxyTest, MessagesCrossByNameAndByAddress) {
  Proxy proxy(Proxy::Manner::kOpen, bound_);
  {
    const auto push = Push({.socks_proxy = proxy.at()});
    ASSERT_TRUE(push->Connect("tcp://name.invalid:80").ok());
    Pass(push.get());
    SocketEvent event;
    while (push->NextEvent(&event) && event.kind != SocketEvent::Kind::kConnected) {
    }
    EXPECT_EQ(event.endpoint, "tcp://name.invalid:80") << "not the proxy's";
  }
  {
    const auto push = Push({.socks_proxy = proxy.at()});
    ASSERT_TRUE(push->Connect("tcp://192.0.2.1:81").ok());
    Pass(push.get());
  }
  EXPECT_THAT(proxy.asked(), ElementsAre("\3\xcname.invalid\0P"s, "\1\xc0\0\2\1\0Q"s));
}

TEST_P(SocksProxyTest, AProxyThatAsksForAName) {
  Proxy proxy(Proxy::Manner::kAsksName, bound_);
  const auto push =
      Push({.socks_proxy = proxy.at(), .socks_username = "ada", .socks_password = "lovelace"});
  ASSERT_TRUE(push->Connect("tcp://name.invalid:80").ok());
  Pass(push.get());
  EXPECT_THAT(Failure(Proxy::Manner::kAsksName), HasSubstr("give socks_username"));
  EXPECT_THAT(
      Failure(Proxy::Manner::kAsksName, {.socks_username = "ada", .socks_password = "charles!"}),
      HasSubstr("does not accept that name and password"));
}

TEST_P(SocksProxyTest, WhatAProxyDoesNotDoIsSaid) {
  EXPECT_THAT(Failure(Proxy::Manner::kRefuses), HasSubstr("rules forbid"));
  EXPECT_THAT(Failure(Proxy::Manner::kHangsUp), HasSubstr("the proxy hung up"));
  // The handshake's deadline is half a minute: it is not that one.
  EXPECT_THAT(Failure(Proxy::Manner::kSaysNothing, {.connect_timeout = absl::Milliseconds(50)}),
              HasSubstr("timed out"));
}

// The host is busy when the answer comes, and looks when the time for it is over.
TEST_P(SocksProxyTest, AnAnswerThatCameInTimeIsTaken) {
  Proxy proxy(Proxy::Manner::kAnswersLate, bound_);
  const absl::Duration time = absl::Seconds(2);
  TransportOptions transport;
  transport.socks_proxy = proxy.at();
  transport.connect_timeout = time;
  const auto push = Push(transport);
  ASSERT_TRUE(push->Connect("tcp://name.invalid:80").ok());
  ASSERT_TRUE(face_.Until([&] { return !proxy.asked().empty(); }));
  proxy.Answer();
  for (const absl::Time end = absl::Now() + time * 1.1; absl::Now() < end;) {
  }
  Pass(push.get());
  for (SocketEvent event; push->NextEvent(&event);) {
    EXPECT_NE(event.kind, SocketEvent::Kind::kDialFailed) << event.status;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SocksProxyTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& param) { return AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque
