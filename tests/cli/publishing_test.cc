// What a publisher says of those whom its messages do not reach.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/raw_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Breathe;
using ::monocoque::testing::Command;
using ::monocoque::testing::RawPeer;
using ::testing::MatchesRegex;

// A message of PUB's 3.0 peers: all topics.
const std::string kSubscribe("\x00\x01\x01", 3);

std::string Lines(int count, std::size_t octets) {
  std::string lines;
  for (int i = 0; i < count; ++i) absl::StrAppend(&lines, std::string(octets, 'p'), "\n");
  return lines;
}

// The first drop says what to do, and the end how many there were.
TEST(PublishingTest, DropsAreToldAndAreAFailure) {
  Command pub({"pub", "--bind", "tcp://127.0.0.1:*", "--hwm", "10"});
  RawPeer slow(Breathe, pub.Bound());
  slow.HandshakeAs("SUB");
  ASSERT_TRUE(slow.Write(kSubscribe));
  pub.Feed(Lines(2000, 10'000), /*end=*/true);
  pub.ErrUntil("dropped");
  EXPECT_TRUE(slow.ReadToEnd());
  EXPECT_EQ(pub.Wait(), 1);
  EXPECT_THAT(pub.Complaint(),
              MatchesRegex("monocoque: tcp://127.0.0.1:[0-9]+: [^\n]* dropped[^\n]*--hwm[^\n]*\n"
                           "monocoque: [0-9]+ messages were dropped[^\n]*\n"));
}

// Who takes everything in time costs no word.
TEST(PublishingTest, NothingDropped) {
  Command pub({"pub", "--bind", "tcp://127.0.0.1:*"});
  RawPeer sub(Breathe, pub.Bound());
  sub.HandshakeAs("SUB");
  ASSERT_TRUE(sub.Write(kSubscribe));
  pub.Feed(Lines(10, 10), /*end=*/true);
  EXPECT_TRUE(sub.ReadToEnd());
  EXPECT_EQ(pub.Wait(), 0);
  EXPECT_EQ(pub.Complaint(), "");
}

// It waits a moment, and does not wait for ever. That nobody hears it is no failure of a publisher.
TEST(PublishingTest, ToNobody) {
  Command pub({"pub", "--bind", "ipc://*"});
  pub.Bound();
  pub.Feed("lost\nand this\n", true);
  EXPECT_EQ(pub.Wait(), 0);
  EXPECT_EQ(pub.Complaint(),
            "monocoque: nobody has subscribed yet: what is published until then reaches nobody\n");
}

TEST(PublishingTest, NothingToNobody) {
  Command pub({"pub", "--bind", "ipc://*"});
  pub.Bound();
  pub.EndInput();
  EXPECT_EQ(pub.Wait(), 0);
  EXPECT_EQ(pub.Complaint(), "");
}

}  // namespace
}  // namespace monocoque
