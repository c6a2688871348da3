#include "cli/role.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/uring/awaitables.h"
#include "adapters/uring/loop.h"
#include "cli/text.h"

namespace monocoque::cli {
namespace {

using uring::Loop;
using uring::Socket;
using uring::Task;

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

// What is quoted in `why` is escaped already; this makes sure of it.
void Complain(std::string_view why) {
  std::string line = "monocoque: ";
  for (char c : why) line += c == '\\' ? std::string(1, c) : Escape(std::string_view(&c, 1));
  WriteAll(STDERR_FILENO, line + "\n");
}

// Lines of stdin, as they come, without blocking the loop.
class Lines {
 public:
  explicit Lines(Loop* loop) : loop_(*loop) {}

  // The next line without its end; nothing at the end of input.
  Task<std::optional<std::string>> Next() {
    for (;;) {
      const std::size_t end = pending_.find('\n', scanned_);
      if (end != std::string::npos) {
        std::string line = pending_.substr(0, end);
        pending_.erase(0, end + 1);
        scanned_ = 0;
        co_return line;
      }
      scanned_ = pending_.size();
      if (ended_) {
        if (pending_.empty()) co_return std::nullopt;
        scanned_ = 0;
        co_return std::exchange(pending_, {});
      }
      co_await loop_.AsyncReadable(STDIN_FILENO);
      std::array<char, 65536> chunk;
      const ssize_t got = read(STDIN_FILENO, chunk.data(), chunk.size());
      if (got > 0) pending_.append(chunk.data(), static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) ended_ = true;
    }
  }

 private:
  Loop& loop_;
  std::string pending_;
  std::size_t scanned_ = 0;
  bool ended_ = false;
};

// One role at work: coroutines for what is sent and what is received, and how it ends.
class Session {
 public:
  explicit Session(const Args& args) : args_(args), lines_(&loop_) {}

  int Run();

 private:
  bool sends() const {
    return args_.role != SocketType::kPull && args_.role != SocketType::kRep && !answers();
  }
  bool answers() const { return args_.echo || args_.reply.has_value(); }
  bool only_sends() const { return args_.role == SocketType::kPush; }
  bool stays() const {
    return args_.role == SocketType::kDealer || args_.role == SocketType::kPair ||
           args_.role == SocketType::kRouter;
  }

  absl::Status Join();
  Task<void> SendLines();
  Task<void> ReceiveMessages();
  Task<void> WatchSignals(int fd);
  Task<bool> SendOne(Message message);
  bool Print(Message message);
  void CountOne();
  void End(int code) {
    if (!ended_) code_ = code;
    ended_ = true;
  }
  void Fail(std::string_view why) {
    if (!ended_) Complain(why);
    End(kFailed);
  }
  int Linger(absl::Time deadline);

  const Args& args_;
  Loop loop_;
  Lines lines_;
  Socket socket_;
  std::uint64_t counted_ = 0;
  bool ended_ = false;
  int code_ = kDone;
};

absl::Status Session::Join() {
  SocketOptions options;
  options.routing_id = args_.identity;
  if (args_.hwm) {
    options.send_mark.messages = static_cast<std::size_t>(*args_.hwm);
    options.receive_mark.messages = static_cast<std::size_t>(*args_.hwm);
  }
  if (args_.linger < absl::InfiniteDuration())
    options.link.reconnect.max_interval = absl::Seconds(1);
  socket_ = loop_.MakeSocket(args_.role, options);
  if (!socket_.status().ok()) return socket_.status();
  for (const Args::Place& place : args_.places) {
    if (!place.bind) {
      if (absl::Status connected = socket_.Connect(place.endpoint); !connected.ok())
        return connected;
      continue;
    }
    const absl::StatusOr<std::string> bound = socket_.Bind(place.endpoint);
    if (!bound.ok()) return bound.status();
    WriteAll(STDERR_FILENO, absl::StrCat("bound ", Escape(*bound), "\n"));
  }
  return absl::OkStatus();
}

void Session::CountOne() {
  ++counted_;
  if (args_.count && counted_ >= *args_.count) End(kDone);
}

bool Session::Print(Message message) {
  if (args_.role == SocketType::kRouter) message.IdToFront();
  if (WriteAll(STDOUT_FILENO, FormatLine(message, args_.format) + "\n")) return true;
  Fail("stdout is closed");
  return false;
}

Task<bool> Session::SendOne(Message message) {
  if (args_.role == SocketType::kRouter && !message.FrontToId()) {
    Fail("router wants the destination's routing id as the first part, and a message behind it");
    co_return false;
  }
  const absl::Status sent = co_await socket_.AsyncSend(std::move(message));
  if (!sent.ok()) Fail(sent.message());
  co_return sent.ok();
}

Task<void> Session::SendLines() {
  for (std::uint64_t number = 1; !ended_; ++number) {
    std::optional<std::string> line = co_await lines_.Next();
    if (!line || ended_) break;
    absl::StatusOr<Message> message = ParseLine(*line);
    if (!message.ok()) {
      Fail(absl::StrCat("stdin, line ", number, ": ", message.status().message()));
      co_return;
    }
    if (number > 1) co_await loop_.AsyncSleep(args_.interval);
    if (ended_ || !co_await SendOne(*std::move(message))) co_return;
    if (args_.role == SocketType::kReq) {
      absl::StatusOr<Message> reply = co_await socket_.AsyncReceive();
      if (!reply.ok()) {
        Fail(reply.status().message());
        co_return;
      }
      if (!Print(*std::move(reply))) co_return;
      CountOne();
    } else if (only_sends()) {
      CountOne();
    }
  }
  if (!stays()) End(kDone);
}

Task<void> Session::ReceiveMessages() {
  while (!ended_) {
    absl::StatusOr<Message> message = co_await socket_.AsyncReceive();
    if (ended_) co_return;
    if (!message.ok()) {
      Fail(message.status().message());
      co_return;
    }
    if (!Print(*message)) co_return;
    if (answers()) {
      Message answer = *message;
      if (args_.reply) {
        absl::StatusOr<Message> parsed = ParseLine(*args_.reply);
        if (!parsed.ok()) {
          Fail(absl::StrCat("--reply: ", parsed.status().message()));
          co_return;
        }
        answer = *std::move(parsed);
        if (args_.role == SocketType::kRouter) answer.set_to(message->routing_id());
      }
      const absl::Status sent = co_await socket_.AsyncSend(std::move(answer));
      if (!sent.ok()) {
        Fail(sent.message());
        co_return;
      }
    }
    CountOne();
  }
}

Task<void> Session::WatchSignals(int fd) {
  co_await loop_.AsyncReadable(fd);
  End(kDone);
}

// What was sent goes out; --linger and --timeout cap that.
int Session::Linger(absl::Time deadline) {
  const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
  const bool timeout_first = left < args_.linger;
  const absl::Status closed = socket_.Close(std::min(left, args_.linger));
  if (closed.ok()) return code_;
  if (timeout_first) return kTimedOut;
  if (code_ == kDone) Complain(closed.message());
  return kFailed;
}

int Session::Run() {
  if (!loop_.status().ok()) {
    Complain(loop_.status().message());
    return kFailed;
  }
  const absl::Time deadline = absl::Now() + args_.timeout;
  if (absl::Status joined = Join(); !joined.ok()) {
    Complain(joined.message());
    return kFailed;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  signal(SIGPIPE, SIG_IGN);

  if (args_.count && *args_.count == 0) End(kDone);
  loop_.Spawn(WatchSignals(signal_fd));
  if (sends() || args_.role == SocketType::kReq) loop_.Spawn(SendLines());
  if (!only_sends() && args_.role != SocketType::kReq) loop_.Spawn(ReceiveMessages());
  while (!ended_ && absl::Now() < deadline) loop_.RunOnce(deadline - absl::Now());
  const int code = ended_ ? Linger(deadline) : kTimedOut;
  if (signal_fd >= 0) close(signal_fd);
  return code;
}

}  // namespace

int RunRole(const Args& args) {
  Session session(args);
  return session.Run();
}

}  // namespace monocoque::cli
