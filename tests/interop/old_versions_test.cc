// Peers of ZMTP 2.0 and 1.0 (RFC 15, RFC 13), played octet by octet over TCP: what is said to our
// socket is said to one of libzmq as well, and both have to answer alike.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "adapters/net/address.h"
#include "adapters/uring/loop.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::ZmqPeer;
using Parts = std::vector<std::string>;

constexpr absl::Duration kSoon = absl::Seconds(10);

// The socket under test. No call waits.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::string Bind() = 0;
  virtual void Connect(const std::string& endpoint) = 0;
  virtual void Subscribe(const std::string& prefix) = 0;
  virtual bool Send(const Parts& parts) = 0;
  virtual bool Receive(Parts* parts) = 0;
  // Goes on with what is due.
  virtual void Turn() = 0;
};

class Ours final : public Subject {
 public:
  Ours(SocketType type, const std::string& id)
      : socket_(loop_.MakeSocket(type, {.routing_id = id})) {}

  std::string Bind() override { return *socket_.Bind("tcp://127.0.0.1:*"); }
  void Connect(const std::string& endpoint) override {
    EXPECT_TRUE(socket_.Connect(endpoint).ok());
  }
  void Subscribe(const std::string& prefix) override {
    EXPECT_TRUE(socket_.Subscribe(prefix).ok());
  }
  bool Send(const Parts& parts) override {
    Message message(std::vector<std::string_view>(parts.begin(), parts.end()));
    if (socket_.core().type() == SocketType::kRouter) message.FrontToId();
    if (!socket_.TrySend(&message).ok()) return false;
    socket_.Flush();
    return true;
  }
  bool Receive(Parts* parts) override {
    Message message;
    if (!socket_.TryReceive(&message)) return false;
    if (socket_.core().type() == SocketType::kRouter) message.IdToFront();
    for (const Slice& part : message) parts->emplace_back(part.text());
    return true;
  }
  void Turn() override { loop_.RunOnce(absl::Milliseconds(1)); }

 private:
  uring::Loop loop_;
  uring::Socket socket_;
};

class Theirs final : public Subject {
 public:
  Theirs(int type, const std::string& id) : peer_(type) {
    if (!id.empty()) peer_.Set(ZMQ_ROUTING_ID, id);
  }

  std::string Bind() override { return peer_.Bind("tcp://127.0.0.1:*"); }
  void Connect(const std::string& endpoint) override { peer_.Connect(endpoint); }
  void Subscribe(const std::string& prefix) override { peer_.Set(ZMQ_SUBSCRIBE, prefix); }
  bool Send(const Parts& parts) override { return peer_.Send(parts); }
  bool Receive(Parts* parts) override { return peer_.Receive(parts); }
  // It takes up accepted connections within calls of its user's.
  void Turn() override { (void)peer_.events(); }

 private:
  ZmqPeer peer_;
};

// The other end: a descriptor and what was read from it.
class RawPeer {
 public:
  ~RawPeer() {
    if (listener_ >= 0) close(listener_);
    if (fd_ >= 0) close(fd_);
  }

  std::string Listen() {
    const net::Address any = *net::AddressForBind(*ParseEndpoint("tcp://127.0.0.1:*"));
    listener_ = socket(any.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT_EQ(bind(listener_, any.get(), any.size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    return net::LocalEndpoint(listener_).ToString();
  }
  void Connect(const std::string& endpoint) {
    const net::Address there = net::NumericAddresses(*ParseEndpoint(endpoint))->front();
    fd_ = socket(there.family(), SOCK_STREAM, 0);
    ASSERT_EQ(connect(fd_, there.get(), there.size), 0);
  }
  void Say(const std::string& octets) {
    ASSERT_EQ(send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
  }
  // Reads what is there.
  void Read() {
    if (fd_ < 0) fd_ = accept(listener_, nullptr, nullptr);
    if (fd_ < 0) return;
    std::array<char, 4096> piece;
    ssize_t count;
    while ((count = recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT)) > 0) {
      heard.append(piece.data(), static_cast<std::size_t>(count));
    }
    closed = closed || count == 0;
  }

  std::string heard;
  bool closed = false;

 private:
  int listener_ = -1;
  int fd_ = -1;
};

// What happens, in order; `script` is a line for each step, with octets as words in hexadecimal,
// "62*3" for 626262:
//   say OCTETS        the peer says these octets
//   hear OCTETS       the socket says these, and nothing else before them
//   send FRAMES       its application sends; each word is a frame, "-" an empty one
//   publish FRAMES    the same, again and again until something is heard
//   receive FRAMES    its application receives
//   subscribe OCTETS
//   end               the socket closes the connection
struct Scenario {
  const char* name;
  SocketType ours;
  int theirs;
  bool dials;
  const char* id;
  const char* script;
};

std::string Word(std::string_view word) {
  if (word == "-") return "";
  const std::vector<std::string_view> times = absl::StrSplit(word, '*');
  int count = 1;
  EXPECT_TRUE(times.size() == 1 || absl::SimpleAtoi(times[1], &count)) << word;
  std::string once, octets;
  EXPECT_TRUE(absl::HexStringToBytes(times[0], &once)) << word;
  for (int i = 0; i < count; ++i) octets.append(once);
  return octets;
}

class OldVersionsTest : public ::testing::TestWithParam<std::tuple<Scenario, bool>> {
 protected:
  [[nodiscard]] bool Until(const std::function<bool()>& done) {
    const absl::Time deadline = absl::Now() + kSoon;
    while (!done()) {
      if (absl::Now() > deadline) return false;
      subject_->Turn();
      peer_.Read();
    }
    return true;
  }
  void Hear(const std::string& octets) {
    EXPECT_TRUE(Until([&] { return peer_.heard.size() >= octets.size() || peer_.closed; }));
    EXPECT_EQ(absl::BytesToHexString(peer_.heard.substr(0, octets.size())),
              absl::BytesToHexString(octets));
    peer_.heard.erase(0, octets.size());
  }
  void Run(std::string_view line) {
    const std::vector<std::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    Parts frames;
    for (std::size_t i = 1; i < words.size(); ++i) frames.push_back(Word(words[i]));
    const std::string octets = absl::StrJoin(frames, "");
    if (words[0] == "say") {
      peer_.Say(octets);
    } else if (words[0] == "hear") {
      Hear(octets);
    } else if (words[0] == "send") {
      EXPECT_TRUE(Until([&] { return subject_->Send(frames); }));
    } else if (words[0] == "publish") {
      EXPECT_TRUE(Until([&] { return subject_->Send(frames) && !peer_.heard.empty(); }));
    } else if (words[0] == "receive") {
      Parts got;
      EXPECT_TRUE(Until([&] { return subject_->Receive(&got); }));
      EXPECT_EQ(got, frames);
    } else if (words[0] == "subscribe") {
      subject_->Subscribe(octets);
    } else {
      ASSERT_EQ(words[0], "end");
      EXPECT_TRUE(Until([&] { return peer_.closed; }));
    }
  }

  std::unique_ptr<Subject> subject_;
  RawPeer peer_;
};

// D-31 aside, where the two differ on purpose, and which is not played here.
TEST_P(OldVersionsTest, BothAnswerAlike) {
  const auto& [scenario, ours] = GetParam();
  if (ours) {
    subject_ = std::make_unique<Ours>(scenario.ours, scenario.id);
  } else {
    subject_ = std::make_unique<Theirs>(scenario.theirs, scenario.id);
  }
  if (scenario.dials) {
    subject_->Connect(peer_.Listen());
  } else {
    peer_.Connect(subject_->Bind());
  }
  bool exact = true;
  for (std::string_view line : absl::StrSplit(scenario.script, '\n', absl::SkipWhitespace())) {
    Run(line);
    exact = exact && !absl::StrContains(line, "publish");
    if (HasFailure()) return;
  }
  EXPECT_TRUE(!exact || peer_.heard.empty()) << absl::BytesToHexString(peer_.heard);
}

constexpr Scenario kScenarios[] = {
    {"Dealer10", SocketType::kDealer, ZMQ_DEALER, false, "id-1", R"(
      hear ff00000000000000057f
      say 0100
      hear 69642d31
      send 61 62*253
      hear 020161 fe00 62*253
      send 63*254
      hear ff00000000000000ff00 63*254
      say 03017031 ff0000000000000003007032
      receive 7031 7032)"},
    {"Router10", SocketType::kRouter, ZMQ_ROUTER, false, "", R"(
      hear ff00000000000000017f
      say ff00000000000000050070656572 03006869
      receive 70656572 6869
      send 70656572 6261636b
      hear 05006261636b)"},
    {"Req10", SocketType::kReq, ZMQ_REQ, true, "", R"(
      hear ff00000000000000017f
      say 0100
      send 61736b
      hear 0101 040061736b
      say 0101 0700616e73776572
      receive 616e73776572)"},
    {"Rep10", SocketType::kRep, ZMQ_REP, false, "", R"(
      hear ff00000000000000017f
      say 0100 0101 040061736b
      receive 61736b
      send 616e73776572 -
      hear 0101 0701616e73776572 0100)"},
    {"Push10", SocketType::kPush, ZMQ_PUSH, true, "", R"(
      hear ff00000000000000017f
      say 0100
      send 61 62
      hear 020161 020062)"},
    {"Pull10", SocketType::kPull, ZMQ_PULL, false, "", R"(
      hear ff00000000000000017f
      say 01fe 04fe616263
      receive 616263
      say 00
      end)"},
    {"Pub10", SocketType::kPub, ZMQ_PUB, false, "", R"(
      hear ff00000000000000017f
      say 0100
      publish 6e657773
      hear 05006e657773)"},
    {"XPub10", SocketType::kXPub, ZMQ_XPUB, false, "", R"(
      hear ff00000000000000017f
      say 0100
      receive 01
      send 6e657773
      hear 05006e657773)"},
    {"Sub10", SocketType::kSub, ZMQ_SUB, false, "", R"(
      subscribe 41
      hear ff00000000000000017f
      say 0100
      hear 03000141
      say 03004231 03004131
      receive 4131)"},
    {"Dealer20", SocketType::kDealer, ZMQ_DEALER, true, "id-1", R"(
      hear ff00000000000000057f
      say ff00000000000000017f
      hear 03
      say 01060000
      hear 05000469642d31
      send 68656c6c6f -
      hear 010568656c6c6f 0000
      send 78*300
      hear 02000000000000012c 78*300)"},
    {"Router20", SocketType::kRouter, ZMQ_ROUTER, false, "", R"(
      hear ff00000000000000017f
      say ff00000000000000017f0105 000470656572 00026869
      hear 03060000
      receive 70656572 6869
      send 70656572 6261636b
      hear 00046261636b)"},
    {"Pub20", SocketType::kPub, ZMQ_PUB, false, "", R"(
      hear ff00000000000000017f
      say ff00000000000000017f01020000 00020141
      hear 03010000
      publish 4131
      hear 00024131)"},
    {"Sub20", SocketType::kSub, ZMQ_SUB, true, "", R"(
      subscribe 41
      hear ff00000000000000017f
      say ff00000000000000017f01010000
      hear 03020000 00020141
      say 00024231 01024131 0000
      receive 4131 -)"},
};

INSTANTIATE_TEST_SUITE_P(All, OldVersionsTest,
                         ::testing::Combine(::testing::ValuesIn(kScenarios), ::testing::Bool()),
                         [](const auto& param) {
                           return absl::StrCat(std::get<0>(param.param).name,
                                               std::get<1>(param.param) ? "Ours" : "Libzmq");
                         });

}  // namespace
}  // namespace monocoque
