// The command as a stranger uses it: processes, pipes, exit codes; against itself and against
// libzmq.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::ZmqPeer;
using ::testing::HasSubstr;

constexpr absl::Duration kSoon = absl::Seconds(20);

// One run of the command.
class Command {
 public:
  explicit Command(const std::vector<std::string>& words) {
    std::array<int, 2> in{}, out{}, err{};
    EXPECT_EQ(pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      dup2(err[1], 2);
      std::vector<std::string> all = {"cli/monocoque"};
      all.insert(all.end(), words.begin(), words.end());
      std::vector<char*> argv;
      for (std::string& word : all) argv.push_back(word.data());
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
  }
  ~Command() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    Feed("", true);
    close(out_);
    close(err_);
  }

  void Feed(const std::string& text, bool end = false) {
    if (in_ < 0) return;
    if (!text.empty()) {
      EXPECT_EQ(write(in_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    if (end) close(std::exchange(in_, -1));
  }
  // Stdout up to `text`, or what came by the deadline.
  std::string OutUntil(const std::string& text) { return Read(out_, &out_text_, text); }
  // The endpoint that was bound.
  std::string Bound() {
    const std::string line = Read(err_, &err_text_, "\n");
    const std::size_t at = line.find("bound ");
    EXPECT_NE(at, std::string::npos) << line;
    return at == std::string::npos ? "" : line.substr(at + 6, line.find('\n') - at - 6);
  }
  // Everything that came, and the exit code.
  int Wait() {
    Read(out_, &out_text_, "");
    Read(err_, &err_text_, "");
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  const std::string& out() const { return out_text_; }
  const std::string& err() const { return err_text_; }

 private:
  // Until `text` was read, or, if it is empty, until the end.
  static std::string Read(int fd, std::string* all, const std::string& text) {
    const absl::Time deadline = absl::Now() + kSoon;
    while (text.empty() || !absl::StrContains(*all, text)) {
      pollfd ready{fd, POLLIN, 0};
      const auto left = static_cast<int>(absl::ToInt64Milliseconds(deadline - absl::Now()));
      if (left <= 0 || poll(&ready, 1, left) <= 0) {
        ADD_FAILURE() << "nothing came in time; so far: " << *all;
        break;
      }
      std::array<char, 4096> chunk;
      const ssize_t got = read(fd, chunk.data(), chunk.size());
      if (got <= 0) break;
      all->append(chunk.data(), static_cast<std::size_t>(got));
    }
    return *all;
  }

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string out_text_, err_text_;
};

TEST(CommandTest, DemoArrivesInFull) {
  Command demo({"demo"});
  EXPECT_EQ(demo.Wait(), 0);
  EXPECT_THAT(demo.out(), HasSubstr("11 of 11 messages arrived"));
}

TEST(CommandTest, PushToPull) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "3"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("one\ntwo\tparts\n\\x00\\\\");
  push.Feed("", true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "one\ntwo\tparts\n\\x00\\\\\n");
}

TEST(CommandTest, RequestsAreAnswered) {
  Command rep({"rep", "--bind", "ipc://*", "--reply", "yes\\t!", "--count", "2"});
  Command req({"req", "--connect", rep.Bound(), "--format=json"});
  req.Feed("a\nb\n", true);
  EXPECT_EQ(req.Wait(), 0);
  EXPECT_EQ(rep.Wait(), 0);
  EXPECT_EQ(rep.out(), "a\nb\n");
  EXPECT_EQ(req.out(), "{\"parts\":[\"yes\\\\t!\"]}\n{\"parts\":[\"yes\\\\t!\"]}\n");
}

TEST(CommandTest, RouterShowsAndTakesIds) {
  Command router({"router", "--bind", "tcp://127.0.0.1:0", "--count", "1"});
  Command dealer({"dealer", "--identity", "me", "--connect", router.Bound(), "--count", "1"});
  dealer.Feed("hello\n");
  EXPECT_EQ(router.Wait(), 0);
  EXPECT_EQ(router.out(), "me\thello\n");
  dealer.Feed("", true);
}

TEST(CommandTest, ABadEscapeNamesItsLineAndLosesNothing) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "1"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("fine\nbad \\q\n", true);
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_THAT(push.err(), HasSubstr("line 2"));
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "fine\n");
}

TEST(CommandTest, ExitCodes) {
  Command usage({"pull"});
  EXPECT_EQ(usage.Wait(), 2);
  Command late({"pull", "--bind", "tcp://127.0.0.1:*", "--timeout", "0.1"});
  EXPECT_EQ(late.Wait(), 3);
  Command bad({"pull", "--bind", "tcp://127.0.0.1"});
  EXPECT_EQ(bad.Wait(), 1);
  EXPECT_EQ(bad.err().find('\n'), bad.err().size() - 1);
  Command nobody({"push", "--connect", "ipc://@monocoque-nobody-there", "--linger", "50"});
  nobody.Feed("lost\n", true);
  EXPECT_EQ(nobody.Wait(), 1);
  Command version({"--version"});
  EXPECT_EQ(version.Wait(), 0);
}

TEST(CommandTest, AgainstLibzmq) {
  ZmqPeer rep(ZMQ_REP);
  Command req({"req", "--connect", rep.Bind("tcp://127.0.0.1:*")});
  req.Feed("over here\n");
  std::vector<std::string> parts;
  const absl::Time deadline = absl::Now() + kSoon;
  while (!rep.Receive(&parts) && absl::Now() < deadline) poll(nullptr, 0, 1);
  EXPECT_EQ(parts, std::vector<std::string>{"over here"});
  ASSERT_TRUE(rep.Send({"and\there", "\xff"}));
  EXPECT_EQ(req.OutUntil("\n"), "and\\there\t\\xff\n");
  req.Feed("", true);
  EXPECT_EQ(req.Wait(), 0);
}

}  // namespace
}  // namespace monocoque
