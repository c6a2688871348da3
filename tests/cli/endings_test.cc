// How the command ends: what was not sent is told, and nothing waits for ever.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Abstract;
using ::monocoque::testing::Command;
using ::monocoque::testing::With;
using ::testing::HasSubstr;

// An error is not the end of the input.
TEST(EndingsTest, StdinFails) {
  for (const char* role : {"push", "pair", "req"}) {
    Command fails({role, "--bind", Abstract("fails"), "--timeout", "20"},
                  With([] { dup2(open("/", O_RDONLY), STDIN_FILENO); }));
    fails.Bound();
    EXPECT_EQ(fails.Wait(), 1) << role;
    EXPECT_EQ(fails.Complaint(), "monocoque: stdin: Is a directory\n");
  }
}

// Lines that were read and that nobody came for.
TEST(EndingsTest, ASignalWhileNobodyIsThere) {
  const struct {
    const char* role;
    std::string lines;
    std::string says;
  } cases[] = {{"push", "one\n", "1 message was not sent\n"},
               {"push", "one\ntwo\nthree\nhalf a li", "3 messages were not sent\n"},
               {"dealer", "one\ntwo\n", "2 messages were not sent\n"},
               {"req", "one\n", "1 message was not sent\n"},
               {"router", "nobody\tone\n", "1 message was not sent\n"}};
  for (const auto& c : cases) {
    Command binds({c.role, "--bind", "ipc://*"});
    binds.Bound();
    binds.Feed(c.lines);
    ASSERT_TRUE(binds.ReadItsInput());
    binds.Signal(SIGTERM);
    EXPECT_EQ(binds.Wait(), 1) << c.role;
    EXPECT_EQ(binds.Complaint(), "monocoque: " + c.says);
  }
}

// The end of the input is the end, although nobody was there to take the first line.
TEST(EndingsTest, LingerWhileNobodyIsThere) {
  for (const char* role : {"push", "scatter"}) {
    Command binds({role, "--bind", "ipc://*", "--linger", "200", "--timeout", "20"});
    binds.Bound();
    binds.Feed("one\ntwo", true);
    EXPECT_EQ(binds.Wait(), 1) << role;
    EXPECT_EQ(binds.Complaint(), "monocoque: 2 messages were not sent\n");
    Command counts({role, "--bind", "ipc://*", "--linger", "0", "--count", "1", "--timeout", "20"});
    counts.Bound();
    counts.Feed("one\ntwo\nthree\n", true);
    EXPECT_EQ(counts.Wait(), 1) << role;
    EXPECT_EQ(counts.Complaint(), "monocoque: 1 message was not sent\n");
  }
}

// While more may come it waits.
TEST(EndingsTest, LingerIsForTheEnd) {
  Command push({"push", "--bind", "ipc://*", "--linger", "0"});
  const std::string at = push.Bound();
  push.Feed("one\n");
  ASSERT_TRUE(push.ReadItsInput());
  Command pull({"pull", "--connect", at, "--count", "1", "--timeout", "20"});
  EXPECT_EQ(pull.Wait(), 0);
  push.EndInput();
  EXPECT_EQ(push.Wait(), 0);
}

// What --count leaves is nobody's loss.
TEST(EndingsTest, LinesBeyondTheCount) {
  Command pull({"pull", "--bind", "ipc://*", "--count", "1"});
  Command push({"push", "--connect", pull.Bound(), "--count", "1"});
  push.Feed("one\ntwo\nthree\n");
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(push.err(), "");
  EXPECT_EQ(pull.Wait(), 0);
}

// A failure is told by then: what waits for somebody who may never come does not hold it up.
TEST(EndingsTest, AFailureWithNobodyThere) {
  Command push({"push", "--connect", Abstract("never"), "--timeout", "10"});
  push.Feed("fine\nbad \\q\n", true);
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_THAT(push.err(), HasSubstr("stdin, line 2: bad escape"));
}

// And is the exit code, when the time is over first.
TEST(EndingsTest, AFailureAndATimeout) {
  Command push({"push", "--connect", Abstract("never"), "--timeout", "2"});
  push.Feed("fine\nbad \\q\n", true);
  EXPECT_EQ(push.Wait(), 1);
}

}  // namespace
}  // namespace monocoque
