// Peers of ZMTP 2.0 and 1.0 (zmtp.md, 14), played octet by octet over TCP: what is said to our
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
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
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

std::string Hex(std::string_view hex) {
  std::string octets;
  EXPECT_TRUE(absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}), &octets)) << hex;
  return octets;
}

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

enum class Do {
  kSay,        // the peer says these octets
  kHear,       // the socket says these, and nothing else before them
  kSend,       // its application sends: parts between "|"
  kPublish,    // the same, again and again until it is heard
  kReceive,    // its application receives
  kSubscribe,  // to this prefix
  kEnd,        // the socket closes the connection
};

struct Step {
  Do what;
  std::string text;
};

struct Scenario {
  const char* name;
  SocketType ours;
  int theirs;
  bool dials;
  std::string id;
  std::vector<Step> steps;
};

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
  void Run(const Step& step) {
    const Parts parts = absl::StrSplit(step.text, '|');
    switch (step.what) {
      case Do::kSay:
        return peer_.Say(Hex(step.text));
      case Do::kHear:
        return Hear(Hex(step.text));
      case Do::kSend:
        EXPECT_TRUE(Until([&] { return subject_->Send(parts); }));
        return;
      case Do::kPublish:
        EXPECT_TRUE(Until([&] { return subject_->Send(parts) && !peer_.heard.empty(); }));
        return;
      case Do::kReceive: {
        Parts got;
        EXPECT_TRUE(Until([&] { return subject_->Receive(&got); }));
        EXPECT_EQ(absl::StrJoin(got, "|"), step.text);
        return;
      }
      case Do::kSubscribe:
        return subject_->Subscribe(step.text);
      case Do::kEnd:
        EXPECT_TRUE(Until([&] { return peer_.closed; }));
        return;
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
  for (const Step& step : scenario.steps) {
    Run(step);
    exact = exact && step.what != Do::kPublish;
    if (HasFailure()) return;
  }
  EXPECT_TRUE(!exact || peer_.heard.empty()) << absl::BytesToHexString(peer_.heard);
}

constexpr std::string_view kSignature = "ff00000000000000017f";

std::string Repeated(std::string_view head, std::string_view octet, int count) {
  std::string out(head);
  for (int i = 0; i < count; ++i) out.append(octet);
  return out;
}

std::vector<Scenario> Scenarios() {
  const std::string sign(kSignature);
  const std::string id4 = "ff00000000000000057f";
  return {
      {"Dealer10",
       SocketType::kDealer,
       ZMQ_DEALER,
       false,
       "id-1",
       {{Do::kHear, id4},
        {Do::kSay, "0100"},
        {Do::kHear, "69642d31"},
        {Do::kSend, "a|" + std::string(253, 'b')},
        {Do::kHear, Repeated("020161 fe00", "62", 253)},
        {Do::kSend, std::string(254, 'c')},
        {Do::kHear, Repeated("ff 00000000000000ff 00", "63", 254)},
        {Do::kSay, "0301 7031 ff 0000000000000003 00 7032"},
        {Do::kReceive, "p1|p2"}}},
      {"Router10",
       SocketType::kRouter,
       ZMQ_ROUTER,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, "ff 0000000000000005 00 70656572 0300 6869"},
        {Do::kReceive, "peer|hi"},
        {Do::kSend, "peer|back"},
        {Do::kHear, "0500 6261636b"}}},
      {"Req10",
       SocketType::kReq,
       ZMQ_REQ,
       true,
       "",
       {{Do::kHear, sign},
        {Do::kSay, "0100"},
        {Do::kSend, "ask"},
        {Do::kHear, "0101 0400 61736b"},
        {Do::kSay, "0101 0700 616e73776572"},
        {Do::kReceive, "answer"}}},
      {"Rep10",
       SocketType::kRep,
       ZMQ_REP,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, "0100 0101 0400 61736b"},
        {Do::kReceive, "ask"},
        {Do::kSend, "answer|"},
        {Do::kHear, "0101 0701 616e73776572 0100"}}},
      {"Push10",
       SocketType::kPush,
       ZMQ_PUSH,
       true,
       "",
       {{Do::kHear, sign}, {Do::kSay, "0100"}, {Do::kSend, "a|b"}, {Do::kHear, "0201 61 0200 62"}}},
      {"Pull10",
       SocketType::kPull,
       ZMQ_PULL,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, "01fe 04fe 616263"},
        {Do::kReceive, "abc"},
        {Do::kSay, "00"},
        {Do::kEnd, ""}}},
      {"Pub10",
       SocketType::kPub,
       ZMQ_PUB,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, "0100"},
        {Do::kPublish, "news"},
        {Do::kHear, "0500 6e657773"}}},
      {"XPub10",
       SocketType::kXPub,
       ZMQ_XPUB,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, "0100"},
        {Do::kReceive, "\x01"},
        {Do::kSend, "news"},
        {Do::kHear, "0500 6e657773"}}},
      {"Sub10",
       SocketType::kSub,
       ZMQ_SUB,
       false,
       "",
       {{Do::kSubscribe, "A"},
        {Do::kHear, sign},
        {Do::kSay, "0100"},
        {Do::kHear, "0300 0141"},
        {Do::kSay, "0300 4231 0300 4131"},
        {Do::kReceive, "A1"}}},
      {"Dealer20",
       SocketType::kDealer,
       ZMQ_DEALER,
       true,
       "id-1",
       {{Do::kHear, id4},
        {Do::kSay, sign},
        {Do::kHear, "03"},
        {Do::kSay, "01 06 0000"},
        {Do::kHear, "05 0004 69642d31"},
        {Do::kSend, "hello|"},
        {Do::kHear, "0105 68656c6c6f 0000"},
        {Do::kSend, std::string(300, 'x')},
        {Do::kHear, Repeated("02 000000000000012c", "78", 300)}}},
      {"Router20",
       SocketType::kRouter,
       ZMQ_ROUTER,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, sign + "0105 0004 70656572 0002 6869"},
        {Do::kHear, "0306 0000"},
        {Do::kReceive, "peer|hi"},
        {Do::kSend, "peer|back"},
        {Do::kHear, "0004 6261636b"}}},
      {"Pub20",
       SocketType::kPub,
       ZMQ_PUB,
       false,
       "",
       {{Do::kHear, sign},
        {Do::kSay, sign + "0102 0000 0002 0141"},
        {Do::kHear, "0301 0000"},
        {Do::kPublish, "A1"},
        {Do::kHear, "0002 4131"}}},
      {"Sub20",
       SocketType::kSub,
       ZMQ_SUB,
       true,
       "",
       {{Do::kSubscribe, "A"},
        {Do::kHear, sign},
        {Do::kSay, sign + "0101 0000"},
        {Do::kHear, "0302 0000 0002 0141"},
        {Do::kSay, "0002 4231 0102 4131 0000"},
        {Do::kReceive, "A1|"}}},
  };
}

INSTANTIATE_TEST_SUITE_P(All, OldVersionsTest,
                         ::testing::Combine(::testing::ValuesIn(Scenarios()), ::testing::Bool()),
                         [](const auto& param) {
                           return absl::StrCat(std::get<0>(param.param).name,
                                               std::get<1>(param.param) ? "Ours" : "Libzmq");
                         });

}  // namespace
}  // namespace monocoque
