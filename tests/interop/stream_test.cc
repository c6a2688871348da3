// STREAM on every adapter against peers that speak no ZMTP: libzmq's STREAM, and a plain TCP socket
// of the system; whoever binds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/adapter_face.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::ZmqPeer;
using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

// One connection of the system on the loopback, by calls that do not block.
class PlainTcp {
 public:
  PlainTcp() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    EXPECT_GE(fd_, 0);
  }
  PlainTcp(const PlainTcp&) = delete;
  PlainTcp& operator=(const PlainTcp&) = delete;
  ~PlainTcp() {
    Close();
    if (listening_ >= 0) close(listening_);
  }

  // The endpoint; Accept takes up who comes.
  std::string Listen() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    listening_ = std::exchange(fd_, -1);
    return absl::StrCat("tcp://127.0.0.1:", ntohs(address.sin_port));
  }
  bool Accept() {
    fd_ = accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd_ >= 0;
  }
  void Connect(std::string_view endpoint) {
    int port = 0;
    ASSERT_TRUE(absl::SimpleAtoi(endpoint.substr(endpoint.rfind(':') + 1), &port));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int made = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    EXPECT_TRUE(made == 0 || errno == EINPROGRESS);
  }
  // Takes what was sent off `octets`; false: some is left.
  bool Send(std::string* octets) {
    const ssize_t sent = send(fd_, octets->data(), octets->size(), MSG_NOSIGNAL);
    if (sent > 0) octets->erase(0, static_cast<std::size_t>(sent));
    return octets->empty();
  }
  // Appends what came; the end of the stream shows in ended().
  void Receive(std::string* out) {
    std::array<char, 65536> octets;
    for (ssize_t count; (count = recv(fd_, octets.data(), octets.size(), 0)) >= 0;) {
      ended_ = count == 0;
      if (ended_) return;
      out->append(octets.data(), static_cast<std::size_t>(count));
    }
  }
  bool ended() const { return ended_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  int listening_ = -1;
  bool ended_ = false;
};

class StreamInteropTest
    : public ::testing::TestWithParam<std::tuple<bool /*we bind*/, std::string_view /*adapter*/>> {
 protected:
  StreamInteropTest()
      : we_bind_(std::get<0>(GetParam())),
        face_(std::get<1>(GetParam())),
        ours_(face_.MakeSocket(SocketType::kStream)) {}

  std::string WeReceive() {
    Message message;
    EXPECT_EQ(face_.Receive(ours_.get(), &message), absl::OkStatus());
    peer_ = std::string(AsText(message.routing_id()));
    return std::string(message.text());
  }
  std::string WeReceive(std::size_t octets) {
    std::string all;
    while (all.size() < octets) {
      const std::string piece = WeReceive();
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  }
  void WeSend(std::string_view text) {
    Message message(text);
    message.set_to(peer_);
    ASSERT_EQ(face_.Send(ours_.get(), &message), absl::OkStatus());
  }

  const bool we_bind_;
  AdapterFace face_;
  std::unique_ptr<FaceSocket> ours_;
  std::string peer_;
};

// T-4.
TEST_P(StreamInteropTest, LibzmqsStream) {
  ZmqPeer theirs(ZMQ_STREAM);
  if (we_bind_) {
    const auto bound = ours_->Bind("tcp://127.0.0.1:*");
    ASSERT_TRUE(bound.ok()) << bound.status();
    theirs.Connect(*bound);
  } else {
    ASSERT_TRUE(ours_->Connect(theirs.Bind("tcp://127.0.0.1:*")).ok());
  }
  const auto they_receive = [&] {
    Parts parts;
    EXPECT_TRUE(face_.Until([&] { return theirs.Receive(&parts); }));
    return parts;
  };
  EXPECT_EQ(WeReceive(), "");
  EXPECT_EQ(peer_.size(), 5u);
  const Parts came = they_receive();
  ASSERT_EQ(came.size(), 2u);
  const std::string& us = came[0];
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{80}, std::size_t{9000}, std::size_t{1} << 20}) {
    const std::string text(size, 'x');
    ASSERT_TRUE(face_.Until([&] { return theirs.Send({us, text}); }));
    EXPECT_TRUE(WeReceive(size) == text) << size;
    WeSend(text);
    std::string got;
    while (got.size() < size) {
      const Parts piece = they_receive();
      ASSERT_EQ(piece.size(), 2u);
      got += piece[1];
    }
    EXPECT_TRUE(got == text) << size;
  }
  if (we_bind_) {
    WeSend("");
    EXPECT_THAT(they_receive(), ElementsAre(us, ""));
  } else {
    ASSERT_TRUE(face_.Until([&] { return theirs.Send({us, ""}); }));
    // It goes on with the close only when it is called.
    Message message;
    ASSERT_TRUE(face_.Until([&] {
      theirs.events();
      return ours_->TryReceive(&message);
    }));
    EXPECT_EQ(message.text(), "");
  }
}

// T-4: what a program with no ZeroMQ in it says, and what it hears, to the end of the stream.
TEST_P(StreamInteropTest, APlainSocketOfTheSystem) {
  PlainTcp plain;
  if (we_bind_) {
    const auto bound = ours_->Bind("tcp://127.0.0.1:*");
    ASSERT_TRUE(bound.ok()) << bound.status();
    plain.Connect(*bound);
  } else {
    ASSERT_TRUE(ours_->Connect(plain.Listen()).ok());
    ASSERT_TRUE(face_.Until([&] { return plain.Accept(); }));
  }
  EXPECT_EQ(WeReceive(), "");
  const std::string large(1 << 20, 'y');
  for (const std::string& text : {std::string("GET / HTTP/1.0\r\n\r\n"), large}) {
    std::string left = text;
    std::string got;
    ASSERT_TRUE(face_.Until([&] {
      plain.Send(&left);
      for (Message message; ours_->TryReceive(&message);) got += message.text();
      return got.size() >= text.size();
    }));
    EXPECT_TRUE(got == text);
    WeSend(text);
    std::string heard;
    ASSERT_TRUE(face_.Until([&] {
      plain.Receive(&heard);
      return heard.size() >= text.size();
    }));
    EXPECT_TRUE(heard == text);
  }
  if (we_bind_) {
    WeSend("goodbye");
    WeSend("");
    std::string heard;
    ASSERT_TRUE(face_.Until([&] {
      plain.Receive(&heard);
      return plain.ended();
    }));
    EXPECT_EQ(heard, "goodbye");
  } else {
    plain.Close();
    EXPECT_EQ(WeReceive(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(All, StreamInteropTest,
                         ::testing::Combine(::testing::Bool(), ::testing::ValuesIn(AllAdapters())),
                         [](const auto& param) {
                           return absl::StrCat(std::get<0>(param.param) ? "WeBind" : "TheyBind",
                                               AdapterTestName(std::get<1>(param.param)));
                         });

}  // namespace
}  // namespace monocoque
