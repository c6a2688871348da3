// Peers of ZMTP 2.0 and 1.0 (RFC 15, RFC 13) up to the end of their handshake:
// who is served, what they are told, who they are.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/handshake.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/retry.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::ToHex;
using ::testing::HasSubstr;
using enum SocketType;

constexpr std::string_view kSignature = "ff00000000000000017f";

// A connection and what it wrote since it was looked at last.
struct Subject {
  explicit Subject(SocketType type, ConnectionOptions options = {}) {
    options.socket_type = type;
    connection = *Connection::Create(options, host);
  }

  void Feed(std::string_view hex) { FeedOctets(Hex(hex)); }
  void FeedOctets(std::string_view octets) {
    testing::Feed(connection.get(), octets, host.now);
    connection->Process(1000, host.now);
  }
  std::string Output() { return ToHex(TakeOutput(connection.get(), host.now)); }
  Cause cause() const { return CauseOf(connection->status()); }
  bool up() const { return connection->state() == ConnectionState::kTraffic; }

  Host host = TestHost();
  std::unique_ptr<Connection> connection;
};

std::string Octet(unsigned value) { return absl::StrCat(absl::Hex(value, absl::kZeroPad2)); }

// G-2, B-6: to a peer of 2.0 the greeting goes out in stages too, and no octet of 3.x behind them.
TEST(OldGreetingTest, Zmtp20IsAnsweredInStages) {
  Subject subject(kDealer, {.routing_id = "id-1"});
  EXPECT_EQ(subject.Output(), "ff00000000000000057f");
  subject.Feed("ff0000000000000001");
  EXPECT_EQ(subject.Output(), "");
  subject.Feed("7f");
  EXPECT_EQ(subject.Output(), "03");
  subject.Feed("01");
  EXPECT_EQ(subject.Output(), "05000469642d31");
  subject.Feed("06 00");
  EXPECT_FALSE(subject.up());
  subject.Feed("04 70656572");
  ASSERT_TRUE(subject.up());
  EXPECT_EQ(subject.Output(), "");
  const PeerInfo& peer = subject.connection->peer();
  EXPECT_EQ(peer.version_major, 2);
  EXPECT_EQ(peer.version_minor, 0);
  EXPECT_EQ(peer.socket_type, kRouter);
  EXPECT_EQ(peer.identity, "peer");
  EXPECT_EQ(peer.mechanism, "");
}

// B-6, G-4: a peer of 1.0 gets the rest of the identity's frame that our signature began, after its
// first octet and not before.
TEST(OldGreetingTest, Zmtp10GetsOurIdentity) {
  for (const auto& [id, padding] : {std::pair("", "01"), std::pair("id-1", "05")}) {
    Subject subject(kDealer, {.routing_id = id});
    EXPECT_EQ(subject.Output(), absl::StrCat("ff00000000000000", padding, "7f"));
    subject.Feed("05");
    EXPECT_EQ(subject.Output(), ToHex(id));
    EXPECT_FALSE(subject.up());
    subject.Feed("00 70656572");
    ASSERT_TRUE(subject.up());
    EXPECT_EQ(subject.Output(), "");
    const PeerInfo& peer = subject.connection->peer();
    EXPECT_EQ(peer.version_major, 1);
    EXPECT_EQ(peer.version_minor, 0);
    EXPECT_EQ(peer.socket_type, std::nullopt);
    EXPECT_EQ(peer.identity, "peer");
  }
}

// RFC 37, Version Negotiation: who is of 1.0 shows in the first octet or in the tenth; flags of the
// identity's frame mean nothing (RFC 13).
TEST(OldGreetingTest, FormsOfAZmtp10Identity) {
  struct Case {
    std::string octets;
    std::string identity;
  };
  const std::string longest(255, 'i');
  for (const Case& c : {Case{Hex("0100"), ""}, Case{Hex("01fe"), ""}, Case{Hex("02 00 61"), "a"},
                        Case{Hex("ff 0000000000000001 00"), ""},
                        Case{Hex("ff 0000000000000005 fe 70656572"), "peer"},
                        Case{Hex("ff 0000000000000100 00") + longest, longest},
                        Case{Hex("fe 00") + longest.substr(2), longest.substr(2)}}) {
    for (const bool octet_by_octet : {false, true}) {
      Subject subject(kRouter);
      if (octet_by_octet) {
        for (char octet : c.octets) subject.FeedOctets(std::string(1, octet));
      } else {
        subject.FeedOctets(c.octets);
      }
      ASSERT_TRUE(subject.up()) << ToHex(c.octets) << subject.connection->status();
      EXPECT_EQ(subject.connection->peer().identity, c.identity);
      EXPECT_EQ(subject.Output(), kSignature);
    }
  }
}

// G-9: 2.0 in single octets, and the identity as a long frame.
TEST(OldGreetingTest, Zmtp20OctetByOctet) {
  for (const char* identity : {"00 04 70656572", "02 0000000000000004 70656572"}) {
    Subject subject(kPull);
    for (char octet : Hex(absl::StrCat(kSignature, "0108", identity))) {
      EXPECT_FALSE(subject.up());
      subject.FeedOctets(std::string(1, octet));
    }
    EXPECT_TRUE(subject.up());
    EXPECT_EQ(subject.connection->peer().identity, "peer");
    EXPECT_EQ(subject.Output(), absl::StrCat(kSignature, "03070000"));
  }
}

// D-5: revision 2 is 2.0. Revision 0 is nothing.
TEST(OldGreetingTest, Revisions) {
  Subject two(kPull);
  two.Feed(absl::StrCat(kSignature, "02080000"));
  EXPECT_TRUE(two.up());
  Subject zero(kPull);
  zero.Feed(absl::StrCat(kSignature, "00080000"));
  EXPECT_EQ(zero.cause(), Cause::kPeerIncompatible);
}

// D-31: the octets of RFC 15; XPUB and XSUB say PUB and SUB, and are known by both.
TEST(OldGreetingTest, Zmtp20SocketTypes) {
  struct Case {
    SocketType ours;
    unsigned announced;
    SocketType theirs;
    unsigned octet;
  };
  for (const Case& c :
       {Case{kPair, 0, kPair, 0}, Case{kPub, 1, kSub, 2}, Case{kSub, 2, kPub, 1},
        Case{kReq, 3, kRep, 4}, Case{kRep, 4, kReq, 3}, Case{kDealer, 5, kRouter, 6},
        Case{kRouter, 6, kDealer, 5}, Case{kPull, 7, kPush, 8}, Case{kPush, 8, kPull, 7},
        Case{kXPub, 1, kSub, 2}, Case{kXSub, 2, kPub, 1}, Case{kXPub, 1, kXSub, 10},
        Case{kXSub, 2, kXPub, 9}, Case{kSub, 2, kXPub, 9}, Case{kPub, 1, kXSub, 10}}) {
    Subject subject(c.ours);
    subject.Feed(absl::StrCat(kSignature, "01", Octet(c.octet), "0000"));
    EXPECT_TRUE(subject.up()) << c.announced << " " << c.octet;
    EXPECT_EQ(subject.connection->peer().socket_type, c.theirs);
    EXPECT_EQ(subject.Output(), absl::StrCat(kSignature, "03", Octet(c.announced), "0000"));
  }
}

// D-31, T-2: a type that does not fit, or that nobody knows, is closed without a word more, for
// good.
TEST(OldGreetingTest, Zmtp20MisfitIsClosedInSilence) {
  for (const unsigned octet : {0u, 1u, 7u, 9u, 11u, 255u}) {
    Subject subject(kPull);
    subject.Feed(absl::StrCat(kSignature, "01", Octet(octet)));
    EXPECT_EQ(subject.cause(), Cause::kPeerIncompatible) << octet;
    EXPECT_EQ(RetryRules().For(subject.cause()), Retry::kNever);
    EXPECT_EQ(subject.Output(), absl::StrCat(kSignature, "03070000"));
    EXPECT_TRUE(subject.connection->done());
  }
  Subject subject(kPull);
  subject.Feed(absl::StrCat(kSignature, "0101"));
  EXPECT_THAT(std::string(subject.connection->status().message()),
              HasSubstr("PULL cannot talk to PUB"));
}

// What a peer heard that is refused by its version: the signature, and our major version if it has
// one too (G-2), however its octets came.
std::string Refusal(std::string_view peer) {
  return absl::StrCat(kSignature, absl::StartsWith(peer, kSignature) ? "03" : "");
}

// RFC 15: draft types do not exist there: closed, and nothing is said of them.
TEST(OldGreetingTest, DraftTypesNeedZmtp30) {
  for (const SocketType type :
       {kServer, kClient, kRadio, kDish, kScatter, kGather, kPeer, kChannel}) {
    for (const std::string& octets : {absl::StrCat(kSignature, "01020000"), std::string("0100")}) {
      Subject subject(type);
      subject.Feed(octets);
      EXPECT_EQ(subject.cause(), Cause::kPeerIncompatible) << SocketTypeName(type);
      EXPECT_EQ(subject.Output(), Refusal(octets));
      EXPECT_TRUE(subject.connection->done());
    }
  }
}

// M-12, F-5, F-6, RFC 13: what is no identity ends it, as soon as it shows.
TEST(OldGreetingTest, BrokenIdentities) {
  const std::string zmtp20 = absl::StrCat(kSignature, "0108");
  for (const std::string& octets :
       {zmtp20 + "00020061", zmtp20 + "0100", zmtp20 + "0400", zmtp20 + "08",
        zmtp20 + "020000000000000100", zmtp20 + "028000000000000000", std::string("00"),
        std::string("030000ff"), std::string("ff000000000000000000"),
        std::string("ff000000000000010100"), std::string("ff800000000000000000")}) {
    Subject subject(kPull);
    subject.Feed(octets);
    EXPECT_EQ(subject.cause(), Cause::kPeerViolation) << octets;
    subject.Output();
    EXPECT_TRUE(subject.connection->done());
  }
}

// F-9, SEC-2: the limit holds from the first frame on.
TEST(OldGreetingTest, TheFrameLimitHolds) {
  for (const char* octets : {"1200", "ff 0000000000000012 00", "ff 7fffffffffffffff 00",
                             "ff 0000000000000001 7f 01 08 0011"}) {
    Subject subject(kPull, {.limits = {.max_frame_bytes = 16}});
    subject.Feed(octets);
    EXPECT_EQ(subject.cause(), Cause::kLimit) << octets;
  }
}

// G-11, ver-http-garbage: a request of HTTP looks like an identity of 70 octets. It waits for the
// deadline; or for the limit, or the peer goes.
TEST(OldGreetingTest, AnHttpRequestEnds) {
  const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  Subject subject(kPull);
  subject.FeedOctets(request);
  EXPECT_TRUE(subject.connection->status().ok());
  EXPECT_EQ(subject.Output(), kSignature);
  EXPECT_EQ(subject.connection->NextDeadline(), subject.host.now + absl::Seconds(30));
  subject.connection->HandleTimeout(subject.host.now + absl::Seconds(30));
  EXPECT_EQ(subject.cause(), Cause::kTimeout);

  Subject limited(kPull, {.limits = {.max_frame_bytes = 64}});
  limited.FeedOctets(request);
  EXPECT_EQ(limited.cause(), Cause::kLimit);

  Subject left(kPull);
  left.FeedOctets(request);
  left.connection->OnTransportClosed(absl::OkStatus(), left.host.now);
  EXPECT_EQ(left.cause(), Cause::kTransport);
}

// B-3, X-4: not served, they are closed at the octet that gives them away.
TEST(OldGreetingTest, NotServed) {
  struct Case {
    const char* octets;
    ConnectionOptions options;
  };
  const ConnectionOptions no_1{.serve_zmtp_1 = false};
  const ConnectionOptions no_2{.serve_zmtp_2 = false};
  for (const Case& c :
       {Case{"01", no_1}, Case{"47", no_1}, Case{"00", no_1}, Case{"ff00000000000000057e", no_1},
        Case{"ff00000000000000017f01", no_2}, Case{"ff00000000000000017f02", no_2}}) {
    Subject subject(kPull, c.options);
    subject.Feed(c.octets);
    EXPECT_EQ(subject.cause(), Cause::kPeerIncompatible) << c.octets;
    EXPECT_EQ(subject.Output(), Refusal(c.octets));
    EXPECT_TRUE(subject.connection->done());
  }
  // One says nothing of the other.
  Subject zmtp20(kPull, no_1);
  zmtp20.Feed(absl::StrCat(kSignature, "01080000"));
  EXPECT_TRUE(zmtp20.up());
  Subject zmtp10(kPull, no_2);
  zmtp10.Feed("0100");
  EXPECT_TRUE(zmtp10.up());
}

// B-4, B-5, SEC-1, Z-13: nobody slips past a mechanism, or an authenticator, by speaking an older
// version.
TEST(OldGreetingTest, NoMechanismNoOlderPeer) {
  const ConnectionOptions options{.socket_type = kPull, .mechanism = PlainServer{}};
  const auto entropy = std::make_shared<testing::SeededEntropy>(1);
  for (const std::string& octets : {absl::StrCat(kSignature, "01080000"), std::string("0100"),
                                    std::string("ff000000000000000500")}) {
    Handshake handshake(options, entropy);
    ByteQueue input;
    input.Append(Slice::Copy(Hex(octets)));
    std::string out;
    EXPECT_EQ(handshake.Advance(&input, &out), Handshake::Result::kFailed);
    EXPECT_EQ(CauseOf(handshake.status()), Cause::kPeerIncompatible);
    EXPECT_THAT(std::string(handshake.status().message()), HasSubstr("needs 3.0 (PLAIN here)"));
    EXPECT_EQ(absl::StrCat(kSignature, ToHex(out)), Refusal(octets));
  }
  const ConnectionOptions with_domain{.socket_type = kPull,
                                      .mechanism = NullMechanism{.domain = "test"}};
  Handshake handshake(with_domain, entropy);
  ByteQueue input;
  input.Append(Slice::Copy(Hex(absl::StrCat(kSignature, "01080000"))));
  std::string out;
  EXPECT_EQ(handshake.Advance(&input, &out), Handshake::Result::kFailed);
  EXPECT_EQ(CauseOf(handshake.status()), Cause::kPeerIncompatible);
}

// The application hears of the handshake's end, and of nothing more.
TEST(OldGreetingTest, ReadyIsTheOnlyEvent) {
  for (const std::string& octets : {absl::StrCat(kSignature, "01080000"), std::string("0100")}) {
    Subject subject(kPull);
    subject.Feed(octets);
    ConnectionEvent event;
    ASSERT_TRUE(subject.connection->NextEvent(&event));
    EXPECT_EQ(event.kind, ConnectionEvent::Kind::kReady);
    EXPECT_FALSE(subject.connection->NextEvent(&event));
    EXPECT_TRUE(subject.connection->NextDeadline().is_never());
  }
}

}  // namespace
}  // namespace monocoque
