// CURVE with the keys and nonces of tests/golden/curve-reference.txt: every octet as it is there.
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/mechanism/curve_client.h"
#include "protocol/mechanism/curve_server.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/command.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::QueuedEntropy;
using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::monocoque::testing::ToHex;

// "section/name" to hex, without the keys' text forms.
std::map<std::string, std::string> Load() {
  std::map<std::string, std::string> values;
  std::ifstream in("tests/golden/curve-reference.txt");
  EXPECT_TRUE(in.is_open());
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("[")) section = line.substr(1, line.find(']') - 1);
    const std::size_t equal = line.find(" = ");
    if (line.starts_with("#") || equal == std::string::npos) continue;
    std::string value = line.substr(equal + 3);
    value.erase(value.find_last_not_of(' ', value.find(" #")) + 1);
    if (const std::size_t end = value.find(' '); end != std::string::npos) value.resize(end);
    values[section + "/" + line.substr(0, equal)] = value;
  }
  return values;
}

const std::string& Reference(const std::string& name) {
  static const auto* values = new std::map<std::string, std::string>(Load());
  const auto found = values->find(name);
  EXPECT_NE(found, values->end()) << name;
  static const std::string none;
  return found == values->end() ? none : found->second;
}

std::shared_ptr<QueuedEntropy> ServerEntropy() {
  return std::make_shared<QueuedEntropy>(std::deque<std::string>{
      Hex(Reference("keys/server.short-term.secret")), Hex(Reference("nonces/cookie.nonce")),
      Hex(Reference("keys/cookie.key")), Hex(Reference("nonces/welcome.nonce"))});
}
std::shared_ptr<QueuedEntropy> ClientEntropy() {
  return std::make_shared<QueuedEntropy>(std::deque<std::string>{
      Hex(Reference("keys/client.short-term.secret")), Hex(Reference("nonces/vouch.nonce"))});
}

absl::Status Give(Mechanism* to, const std::string& body_hex, std::string* out) {
  const std::string body = Hex(body_hex);
  return to->OnCommand(*ParseCommand(AsBytes(body)), out);
}

class CurveReferenceTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::string metadata() const {
    return Hex(Reference(std::string("ready.") + GetParam() + "/metadata"));
  }
  const std::string& initiate(const char* what) const {
    return Reference(std::string("initiate.") + GetParam() + "/" + what);
  }
  const std::string& ready(const char* what) const {
    return Reference(std::string("ready.") + GetParam() + "/" + what);
  }
};

// V-4, V-6, V-10.
TEST_P(CurveReferenceTest, TheClientSaysTheSame) {
  const auto entropy = ClientEntropy();
  CurveClientHandshake client(TestCurveClient(), metadata(), Limits(), entropy);
  std::string out;
  ASSERT_TRUE(client.Start(&out).ok());
  EXPECT_EQ(ToHex(out), Reference("hello/frame"));
  out.clear();
  ASSERT_TRUE(Give(&client, Reference("welcome/body"), &out).ok());
  EXPECT_EQ(ToHex(out), initiate("frame"));
  EXPECT_TRUE(entropy->empty());
  out.clear();
  EXPECT_EQ(client.peer_metadata(), nullptr);
  ASSERT_TRUE(Give(&client, ready("body"), &out).ok());
  EXPECT_EQ(out, "");
  EXPECT_NE(client.peer_metadata(), nullptr);
}

// V-2, V-5, V-20.
TEST_P(CurveReferenceTest, TheServerSaysTheSame) {
  const auto entropy = ServerEntropy();
  CurveServerHandshake server(TestCurveServer(), metadata(), Limits(), entropy);
  std::string out;
  ASSERT_TRUE(server.Start(&out).ok());
  EXPECT_EQ(out, "");
  ASSERT_TRUE(Give(&server, Reference("hello/body"), &out).ok());
  EXPECT_EQ(ToHex(out), Reference("welcome/frame"));
  EXPECT_TRUE(entropy->empty());
  out.clear();
  ASSERT_TRUE(Give(&server, initiate("body"), &out).ok());
  EXPECT_NE(server.peer_metadata(), nullptr);
  server.Finish(&out);
  EXPECT_EQ(ToHex(out), ready("frame"));
}

INSTANTIATE_TEST_SUITE_P(Metadata, CurveReferenceTest,
                         ::testing::Values("pair", "dealer-identity", "none"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

struct Sample {
  const char* section;
  std::uint8_t flags;
};

std::string Sealed(CurveSession* session, const Sample& sample) {
  const std::string name(sample.section);
  const std::string plain = Hex(Reference(name + "/box.plain"));
  EXPECT_EQ(plain[0], static_cast<char>(sample.flags)) << name;
  std::vector<std::uint8_t> frame(CurveSession::FrameBytes(plain.size() - 1));
  EXPECT_EQ(session->Seal(sample.flags, AsBytes(plain).subspan(1), frame), frame.size());
  return ToHex(AsText(frame));
}

std::unique_ptr<CurveSession> Session(bool as_server, std::uint64_t sent, std::uint64_t received) {
  const SecretKey shared(AsBytes(Hex(Reference("keys/connection.shared-key"))));
  return std::make_unique<CurveSession>(testing::TestCrypto(), shared, as_server, sent, received);
}

// V-10, V-12, V-13, V-15, H-13.
TEST(CurveSessionReferenceTest, MessagesLookTheSame) {
  const auto client = Session(false, 2, 1);
  for (const Sample& sample :
       {Sample{"message.client.hello", 0}, Sample{"message.client.more", CurveSession::kMore},
        Sample{"message.client.empty", 0}, Sample{"message.client.300", 0},
        Sample{"message.client.ping", CurveSession::kCommand}}) {
    EXPECT_EQ(Sealed(client.get(), sample), Reference(std::string(sample.section) + "/frame"))
        << sample.section;
  }
  EXPECT_EQ(
      Sealed(Session(false, 2, 1).get(), {"message.client.subscribe", CurveSession::kCommand}),
      Reference("message.client.subscribe/frame"));
  EXPECT_EQ(Sealed(Session(false, (std::uint64_t{1} << 32) - 1, 1).get(),
                   {"message.client.nonce-2^32", 0}),
            Reference("message.client.nonce-2^32/frame"));
  const auto server = Session(true, 1, 2);
  for (const Sample& sample :
       {Sample{"message.server.world", 0}, Sample{"message.server.more", CurveSession::kMore},
        Sample{"message.server.pong", CurveSession::kCommand}}) {
    EXPECT_EQ(Sealed(server.get(), sample), Reference(std::string(sample.section) + "/frame"))
        << sample.section;
  }
}

// V-9: a nonce that would wrap around is never used.
TEST(CurveSessionReferenceTest, NoncesEnd) {
  const auto session = Session(false, std::numeric_limits<std::uint64_t>::max() - 2, 1);
  EXPECT_TRUE(session->CanSeal(2));
  EXPECT_FALSE(session->CanSeal(3));
  std::vector<std::uint8_t> frame(CurveSession::FrameBytes(0));
  session->Seal(0, {}, frame);
  session->Seal(0, {}, frame);
  EXPECT_EQ(ToHex(AsText(Bytes(frame).subspan(10, 8))), "ffffffffffffffff");
  EXPECT_FALSE(session->CanSeal(1));
}

}  // namespace
}  // namespace monocoque
