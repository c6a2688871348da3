// Lines that no message can be: refused where they are read, not by whoever would get them.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::CommandSetup;
using ::monocoque::testing::With;

CommandSetup ReadsZeros() {
  return With([] { dup2(open("/dev/zero", O_RDONLY), STDIN_FILENO); });
}

TEST(InputLimitsTest, ALineWithoutEnd) {
  Command push({"push", "--bind", "ipc://*", "--timeout", "60"}, ReadsZeros());
  push.Bound();
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_EQ(
      push.Complaint(),
      "monocoque: stdin, line 1: longer than 256 MiB, which is all that a message may have\n");
  rusage used{};
  ASSERT_EQ(getrusage(RUSAGE_CHILDREN, &used), 0);
  EXPECT_LT(used.ru_maxrss, 2L * 1024 * 1024) << "KiB";
}

TEST(InputLimitsTest, ATimeoutInALineWithoutEnd) {
  const absl::Time begin = absl::Now();
  Command push({"push", "--bind", "ipc://*", "--timeout", "0.02"}, ReadsZeros());
  push.Bound();
  EXPECT_EQ(push.Wait(), 3);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

// What is in front of it still goes out.
TEST(InputLimitsTest, PartsBeyondTheLimit) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "2"});
  Command push({"push", "--connect", pull.Bound()});
  const std::string most(65'535, '\t');
  push.Feed("fine\n" + most + "\n" + most + "\t\nnever\n", true);
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_EQ(push.err(),
            "monocoque: stdin, line 3: a message has at most 65536 parts, this one 65537\n");
  EXPECT_EQ(pull.Wait(), 0) << pull.err();
  EXPECT_TRUE(pull.out() == "fine\n" + most + "\n");
}

// The envelope is a part, too: REQ's, and what an answer has in front.
TEST(InputLimitsTest, PartsOfRequestsAndReplies) {
  const std::string most(65'534, '\t');
  Command rep({"rep", "--bind", "tcp://127.0.0.1:*", "--reply", most});
  Command req({"req", "--connect", rep.Bound()});
  req.Feed(most + "\n" + most + "\t\n", true);
  EXPECT_EQ(req.Wait(), 1);
  EXPECT_EQ(req.err(),
            "monocoque: stdin, line 2: a message has at most 65535 parts, this one 65536\n");
  EXPECT_TRUE(req.out() == most + "\n");
  Command usage({"rep", "--bind", "tcp://127.0.0.1:*", "--reply", most + "\t"});
  EXPECT_EQ(usage.Wait(), 2);
  EXPECT_EQ(usage.err(),
            "monocoque: --reply: a message has at most 65535 parts, this one 65536; see monocoque "
            "--help\n");
}

}  // namespace
}  // namespace monocoque
