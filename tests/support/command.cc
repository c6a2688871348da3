#include "tests/support/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(40);

int MillisecondsUntil(absl::Time deadline) {
  // Less than zero would be no deadline at all.
  return std::max(0, static_cast<int>(absl::ToInt64Milliseconds(deadline - absl::Now())));
}

bool PlaysARole(const std::vector<std::string>& words) {
  return !words.empty() && words[0] != "demo" && words[0] != "keygen" && words[0] != "passwd" &&
         !absl::StartsWith(words[0], "-");
}

}  // namespace

CommandSetup With(std::function<void()> prepare) {
  CommandSetup setup;
  setup.prepare = std::move(prepare);
  return setup;
}

std::string Abstract(std::string_view name) {
  return absl::StrCat("ipc://@monocoque-", name, "-", getpid());
}

std::string CommandAdapter() {
  const char* name = getenv("MONOCOQUE_ADAPTER");
  return name == nullptr ? "uring" : name;
}

Command::Command(const std::vector<std::string>& words, const CommandSetup& setup) {
  // One that has ended already takes no input.
  signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> in{}, out{}, err{};
  EXPECT_EQ(pipe2(in.data(), O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
  std::vector<std::string> all = {setup.program};
  all.insert(all.end(), words.begin(), words.end());
  if (CommandAdapter() != "uring" && setup.program == CommandSetup().program && PlaysARole(words)) {
    all.push_back(absl::StrCat("--adapter=", CommandAdapter()));
  }
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    signal(SIGPIPE, SIG_DFL);
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    if (setup.prepare) setup.prepare();
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_.fd = out[0];
  err_.fd = err[0];
  fcntl(in_, F_SETFL, O_NONBLOCK);
}

Command::~Command() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int fd : {in_, out_.fd, err_.fd}) {
    if (fd >= 0) close(fd);
  }
}

void Command::Feed(const std::string& text, bool end) {
  const absl::Time deadline = absl::Now() + kSoon;
  for (std::size_t at = 0; at < text.size() && in_ >= 0;) {
    pollfd ready{in_, POLLOUT, 0};
    if (poll(&ready, 1, MillisecondsUntil(deadline)) <= 0) {
      ADD_FAILURE() << "it does not read its input";
      break;
    }
    const ssize_t wrote = write(in_, text.data() + at, text.size() - at);
    if (wrote < 0 && errno != EAGAIN) break;  // it has ended, or does not want it
    if (wrote > 0) at += static_cast<std::size_t>(wrote);
  }
  if (end && in_ >= 0) close(std::exchange(in_, -1));
}

bool Command::ReadItsInput() const {
  int left = 1;
  for (const absl::Time deadline = absl::Now() + kSoon; left > 0 && absl::Now() < deadline;) {
    if (ioctl(in_, FIONREAD, &left) != 0) return false;
    poll(nullptr, 0, 1);
  }
  return left == 0;
}

bool Command::HasOut() const {
  pollfd ready{out_.fd, POLLIN, 0};
  return poll(&ready, 1, 5) > 0;
}

std::string Command::Bound() {
  Read(&err_, "\n", told_);
  const std::size_t end = std::min(err_.text.find('\n', told_), err_.text.size());
  const std::string line = err_.text.substr(told_, end - told_);
  told_ = std::min(end + 1, err_.text.size());
  EXPECT_TRUE(absl::StartsWith(line, "bound ")) << line;
  return line.substr(std::min<std::size_t>(line.size(), 6));
}

void Command::CloseOut() { close(std::exchange(out_.fd, -1)); }

void Command::Signal(int number) const { kill(pid_, number); }

int Command::Wait() {
  Read(&out_, "");
  return WaitUnread();
}

int Command::WaitUnread() {
  Read(&err_, "");
  return WaitUnheard();
}

int Command::WaitUnheard() {
  const auto process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{process, POLLIN, 0};
  if (poll(&ended, 1, MillisecondsUntil(absl::Now() + kSoon)) <= 0) {
    ADD_FAILURE() << "it does not end";
    Signal(SIGKILL);
  }
  close(process);
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

const std::string& Command::Read(Stream* stream, const std::string& text, std::size_t from) {
  const absl::Time deadline = absl::Now() + kSoon;
  while (stream->fd >= 0 && (text.empty() || stream->text.find(text, from) == std::string::npos)) {
    pollfd ready{stream->fd, POLLIN, 0};
    const int left = MillisecondsUntil(deadline);
    if (left <= 0 || poll(&ready, 1, left) <= 0) {
      ADD_FAILURE() << "nothing came in time; so far: " << stream->text.substr(0, 2000);
      break;
    }
    std::array<char, 65536> chunk;
    const ssize_t got = read(stream->fd, chunk.data(), chunk.size());
    if (got <= 0) break;
    stream->text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return stream->text;
}

}  // namespace monocoque::testing
