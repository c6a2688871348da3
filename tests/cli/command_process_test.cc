// The command among other processes: pipes that break, stall or are closed, long input, signals,
// systems that forbid what it needs.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/forbid.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Abstract;
using ::monocoque::testing::Command;
using ::monocoque::testing::Forbid;
using ::monocoque::testing::With;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string Nobody() { return Abstract("nobody"); }

// Lines go out as they come, not when the input ends; half a line is none.
TEST(CommandProcessTest, SlowInput) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "3"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("first");
  push.Feed(" line\nsec");
  EXPECT_EQ(pull.OutUntil("\n"), "first line\n");
  push.Feed("ond line\n");
  EXPECT_EQ(pull.OutUntil("second line\n"), "first line\nsecond line\n");
  push.Feed("the last has no end", true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "first line\nsecond line\nthe last has no end\n");
}

TEST(CommandProcessTest, EmptyLinesAreEmptyMessages) {
  Command pull({"pull", "--bind", "ipc://*", "--count", "4", "--format=json"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("\n\n\t\n\t\t\n", true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(),
            "{\"parts\":[\"\"]}\n{\"parts\":[\"\"]}\n{\"parts\":[\"\",\"\"]}\n"
            "{\"parts\":[\"\",\"\",\"\"]}\n");
}

TEST(CommandProcessTest, AVeryLongLine) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "2"});
  Command push({"push", "--connect", pull.Bound()});
  const std::string line(5'000'000, 'l');
  push.Feed(line + "\nshort\n", true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_TRUE(pull.out() == line + "\nshort\n");
}

TEST(CommandProcessTest, ManyShortLines) {
  constexpr int kLines = 100'000;
  Command pull({"pull", "--bind", "ipc://*", "--count", absl::StrCat(kLines)});
  Command push({"push", "--connect", pull.Bound()});
  std::string lines;
  for (int i = 0; i < kLines; ++i) absl::StrAppend(&lines, i, "\n");
  push.Feed(lines, true);
  // Whose output is read goes on reading: the other way round both could wait for ever.
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_TRUE(pull.out() == lines);
}

TEST(CommandProcessTest, InputFromAFile) {
  std::string path = "/tmp/monocoque-lines-XXXXXX";
  const int file = mkstemp(path.data());
  ASSERT_EQ(write(file, "a\nb", 3), 3);
  Command pull({"pull", "--bind", "ipc://*", "--count", "2"});
  Command push({"push", "--connect", pull.Bound()}, With([&] {
                 lseek(file, 0, SEEK_SET);
                 dup2(file, STDIN_FILENO);
               }));
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "a\nb\n");
  close(file);
  unlink(path.c_str());
}

// Closed from the start: for a sender the end of input, for a receiver nothing it needs.
TEST(CommandProcessTest, StdinClosed) {
  const auto closed = [] { close(STDIN_FILENO); };
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "1"}, With(closed));
  const std::string at = pull.Bound();
  Command nothing({"push", "--connect", at}, With(closed));
  EXPECT_EQ(nothing.Wait(), 0);
  Command push({"push", "--connect", at});
  push.Feed("here\n", true);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "here\n");
}

// No socket of ours becomes the standard output.
TEST(CommandProcessTest, StdoutClosed) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*"}, With([] { close(STDOUT_FILENO); }));
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("unseen\n", true);
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_EQ(pull.Complaint(), "monocoque: stdout is closed\n");
  Command all({"pull", "--bind", "tcp://127.0.0.1:*", "--timeout", "0.1"}, With([] {
                for (int fd : {0, 1, 2}) close(fd);
              }));
  EXPECT_EQ(all.Wait(), 3);
}

// As in `monocoque pull ... | head -1`: it ends with its reader, not with the next message.
TEST(CommandProcessTest, NobodyReadsStdoutAnyMore) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("seen\n");
  pull.OutUntil("seen\n");
  pull.CloseOut();
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_EQ(pull.Complaint(), "monocoque: stdout is closed\n");
}

// Who answers goes on until it has something to print.
TEST(CommandProcessTest, StdoutBreaks) {
  Command rep({"rep", "--bind", "tcp://127.0.0.1:*", "--echo"});
  Command req({"req", "--connect", rep.Bound()});
  req.Feed("seen\n");
  rep.OutUntil("seen\n");
  rep.CloseOut();
  req.Feed("unseen\n", true);
  EXPECT_EQ(rep.Wait(), 1) << "not killed by SIGPIPE";
  EXPECT_EQ(rep.Complaint(), "monocoque: stdout is closed\n");
  Command demo({"demo"}, With([] {
                 int ends[2];
                 if (pipe(ends) != 0) return;
                 dup2(ends[1], STDOUT_FILENO);
                 close(ends[0]);
                 close(ends[1]);
               }));
  EXPECT_EQ(demo.Wait(), 1);
}

TEST(CommandProcessTest, StdoutIsFull) {
  const auto full = [] { dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO); };
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*"}, With(full));
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("unseen\n", true);
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_EQ(pull.Complaint(), "monocoque: stdout: No space left on device\n");
  Command help({"--help"}, With(full));
  EXPECT_EQ(help.Wait(), 1);
}

// A reader that does not read holds up neither the timeout nor a signal.
TEST(CommandProcessTest, StdoutStalls) {
  for (const bool timeout : {true, false}) {
    Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--timeout", timeout ? "5" : "60"});
    Command push({"push", "--connect", pull.Bound()});
    push.Feed(std::string(1'000'000, 's') + "\n", true);
    EXPECT_EQ(push.Wait(), 0);
    pull.OutUntil("s");
    if (!timeout) pull.Signal(SIGTERM);
    EXPECT_EQ(pull.WaitUnread(), timeout ? 3 : 0);
  }
}

TEST(CommandProcessTest, SignalsEndIt) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    Command pull({"pull", "--bind", "tcp://127.0.0.1:*"});
    pull.Bound();
    pull.Signal(number);
    EXPECT_EQ(pull.Wait(), 0);
  }
  // Even while it lingers for ever.
  Command push({"push", "--connect", Nobody()});
  push.Feed("lost\n");
  EXPECT_TRUE(push.ReadItsInput());
  push.Feed("", true);
  push.ErrUntil("trying again\n");
  push.Signal(SIGTERM);
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_THAT(push.err(), EndsWith("\nmonocoque: interrupted before everything was sent\n"));
}

// Its terminal is gone; as behind nohup, that is nothing to it.
TEST(CommandProcessTest, HangupThatIsIgnored) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "1"},
               With([] { signal(SIGHUP, SIG_IGN); }));
  const std::string at = pull.Bound();
  pull.Signal(SIGHUP);
  Command push({"push", "--connect", at});
  push.Feed("still here\n", true);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "still here\n");
}

// A signal while a name is looked up, which may take long.
TEST(CommandProcessTest, SignalsAndNames) {
  Command push({"push", "--connect", "tcp://localhost:1"});
  push.Feed("lost\n");
  EXPECT_TRUE(push.ReadItsInput());
  push.Signal(SIGTERM);
  EXPECT_EQ(push.Wait(), 1);
}

// Whoever shares its terminal, or its pipe, finds it as it was.
TEST(CommandProcessTest, TheFlagsOfStdinStay) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const int before = fcntl(ends[0], F_GETFL);
  Command push({"push", "--bind", "ipc://*"}, With([&] { dup2(ends[0], STDIN_FILENO); }));
  Command pull({"pull", "--connect", push.Bound(), "--count", "1"});
  ASSERT_EQ(write(ends[1], "line\n", 5), 5);
  EXPECT_EQ(pull.Wait(), 0) << "by now it waits for more";
  EXPECT_EQ(fcntl(ends[0], F_GETFL), before);
  push.Signal(SIGTERM);
  EXPECT_EQ(push.Wait(), 0);
  close(ends[0]);
  close(ends[1]);
}

TEST(CommandProcessTest, NothingIsLeftBehind) {
  std::string directory = "/tmp/monocoque-command-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  Command pull({"pull", "--bind", "ipc://" + directory + "/s", "--timeout", "0.1"});
  EXPECT_EQ(pull.Wait(), 3);
  EXPECT_EQ(rmdir(directory.c_str()), 0) << "the socket file is still there";
}

// What it has no descriptor for does not pass for a signal, or for anything that went well.
TEST(CommandProcessTest, FewDescriptors) {
  int failed = 0;
  int code = 0;
  for (rlim_t most = 4; most < 20 && code != 3; ++most) {
    Command pull({"pull", "--connect", Nobody(), "--timeout", "0.1"}, With([most] {
                   // Which needs descriptors of its own, under a sanitizer.
                   setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
                   const rlimit few{most, most};
                   setrlimit(RLIMIT_NOFILE, &few);
                 }));
    code = pull.Wait();
    if (code == 3) continue;
    EXPECT_EQ(code, 1) << "with " << most;
    EXPECT_THAT(pull.err(), MatchesRegex("monocoque: [^\n]*\n"));
    ++failed;
  }
  EXPECT_GT(failed, 0);
  EXPECT_EQ(code, 3);
}

// Whoever asked for no adapter gets one that works, and hears of it.
TEST(CommandProcessTest, WithoutIoUring) {
  const auto forbidden = [] { Forbid(SYS_io_uring_setup, EPERM); };
  const bool uring = monocoque::testing::CommandAdapter() == "uring";
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--timeout", "0.1"}, With(forbidden));
  EXPECT_EQ(pull.Wait(), 3) << pull.err();
  EXPECT_THAT(pull.err(),
              MatchesRegex(absl::StrCat(
                  uring ? "monocoque: io_uring: forbidden by a seccomp filter, as containers often "
                          "have: libuv is used instead, as with --adapter=uv\n"
                        : "",
                  "bound tcp://[^\n]*\n")));
  Command proxy({"proxy", "pull", "push", "--frontend-bind", "tcp://127.0.0.1:*", "--backend-bind",
                 "tcp://127.0.0.1:*", "--timeout", "0.1"},
                With(forbidden));
  EXPECT_EQ(proxy.Wait(), 3) << proxy.err();
}

TEST(CommandProcessTest, IoUringAskedForAndForbidden) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--adapter=uring"},
               With([] { Forbid(SYS_io_uring_setup, EPERM); }));
  if (monocoque::testing::CommandAdapter() != "uring") return;  // the last --adapter counts
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_EQ(pull.err(),
            "monocoque: io_uring: forbidden by a seccomp filter, as containers often have; allow "
            "io_uring_setup, io_uring_enter and io_uring_register there, or use --adapter=uv or "
            "--adapter=asio.\n");
}

// The demo plays on what there is, and says what there is not.
TEST(CommandProcessTest, DemoWithoutIoUring) {
  Command demo({"demo"}, With([] { Forbid(SYS_io_uring_setup, ENOSYS); }));
  EXPECT_EQ(demo.Wait(), 0);
  EXPECT_EQ(demo.err(), "");
  EXPECT_THAT(demo.out(), HasSubstr("12 of 12 messages arrived"));
  EXPECT_THAT(demo.out(), HasSubstr(", uv listens, asio dials\n"));
  EXPECT_THAT(demo.out(), HasSubstr("\nleft out: uring (io_uring: this kernel has none, or a "
                                    "seccomp filter hides it)\n"));
}

}  // namespace
}  // namespace monocoque
