#include "adapters/net/stream.h"

#include <cerrno>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace monocoque::net {
namespace {

// However a peer goes, it is said that it was the peer: by a reset, or, to who writes first, by a
// pipe that nobody reads.
TEST(StreamTest, AnErrorSaysWhoEndedIt) {
  EXPECT_EQ(StreamError(ECONNRESET).message(),
            "the peer reset the connection: Connection reset by peer");
  EXPECT_EQ(StreamError(EPIPE).message(), "the peer closed the connection: Broken pipe");
  EXPECT_EQ(StreamError(ETIMEDOUT).message(), "the connection failed: Connection timed out");
}

}  // namespace
}  // namespace monocoque::net
