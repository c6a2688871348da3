// STREAM on every adapter against a plain TCP socket of the system, whoever binds. Libzmq's STREAM
// is in tests/conformance/zmq_patterns_test.cc.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/adapter_face.h"
#include "tests/support/raw_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::RawListener;
using ::monocoque::testing::RawPeer;

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

// T-4: what a program with no ZeroMQ in it says, and what it hears, to the end of the stream.
TEST_P(StreamInteropTest, APlainSocketOfTheSystem) {
  const RawPeer::Turn turn = [this] { face_.Turn(); };
  std::unique_ptr<RawPeer> plain;
  const RawListener listener("tcp://127.0.0.1:0");
  if (we_bind_) {
    const auto bound = ours_->Bind("tcp://127.0.0.1:*");
    ASSERT_TRUE(bound.ok()) << bound.status();
    plain = std::make_unique<RawPeer>(turn, *bound);
  } else {
    ASSERT_TRUE(ours_->Connect(listener.endpoint()).ok());
    plain = std::make_unique<RawPeer>(turn, listener.Accept(turn));
  }
  ASSERT_TRUE(plain->connected());
  EXPECT_EQ(WeReceive(), "");
  std::string heard;
  for (const std::string& text :
       {std::string("GET / HTTP/1.0\r\n\r\n"), std::string(1 << 20, 'y') + "<end>"}) {
    ASSERT_TRUE(plain->Write(text));
    EXPECT_TRUE(WeReceive(text.size()) == text);
    WeSend(text);
    heard += text;
    EXPECT_TRUE(plain->ReadUntil(text) == heard);
  }
  if (we_bind_) {
    WeSend("goodbye");
    WeSend("");
    EXPECT_TRUE(plain->ReadToEnd());
    EXPECT_TRUE(plain->ReadUntil("goodbye") == heard + "goodbye");
  } else {
    plain->Close();
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
