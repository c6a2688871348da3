#include "cli/role.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "cli/host.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/tasks.h"
#include "cli/text.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"

namespace monocoque::cli {
namespace {

// Somebody waits at a shell: pauses between attempts stay short.
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);
// What is left to send when a signal asks us to end.
constexpr absl::Duration kLastMoment = absl::Seconds(1);
// A publisher waits for its first subscriber.
constexpr absl::Duration kSubscriberWait = absl::Seconds(1);

// SIGINT and SIGTERM as a descriptor. They stay blocked: one that comes at the end changes nothing.
class Signals {
 public:
  Signals() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    fd_ = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Signals() {
    if (fd_ >= 0) close(fd_);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

// One role at work: coroutines for what is sent and what is received, and how it ends.
class Session {
 public:
  explicit Session(const Args& args)
      : args_(args),
        deadline_(net::Now() + args.timeout),
        tasks_(MakeHost(args.adapter)),
        lines_(&tasks_, STDIN_FILENO),
        output_(&tasks_) {}

  int Run();

 private:
  bool answers() const { return args_.echo || args_.reply.has_value(); }
  bool reads_stdin() const {
    return args_.role != SocketType::kPull && args_.role != SocketType::kRep &&
           args_.role != SocketType::kSub && !answers();
  }
  bool publishes() const {
    return args_.role == SocketType::kPub || args_.role == SocketType::kXPub;
  }
  bool only_sends() const {
    return args_.role == SocketType::kPush || args_.role == SocketType::kPub;
  }
  // What ends REQ is its input, although it prints.
  bool receives_by_itself() const { return !only_sends() && args_.role != SocketType::kReq; }

  absl::Status Join();
  absl::Status Subscribe();
  Task<void> AwaitSubscriber();
  Task<void> SendLines();
  Task<bool> SendLine(std::string_view line, std::uint64_t number);
  Task<bool> SendOne(Message message);
  Task<bool> FindDestination(const Message& message);
  Task<absl::StatusOr<Message>> Receive();
  Task<void> ReceiveMessages();
  Task<bool> Answer(const Message& message);
  Task<bool> Print(Message message);
  Task<void> WatchSignals(int fd);
  void WatchEvents();
  int Linger();

  // The socket is asked nothing any more once it closes.
  Tasks::Until UntilEnded(std::function<bool()> holds) {
    return tasks_.AsyncUntil([this, holds = std::move(holds)] { return ended_ || holds(); });
  }
  void CountOne() {
    ++counted_;
    if (args_.count && counted_ >= *args_.count) End(kDone);
  }
  void End(int code) {
    if (!ended_) code_ = code;
    ended_ = true;
  }
  bool Fail(std::string_view why) {
    if (!ended_) Complain(why);
    End(kFailed);
    return false;
  }

  const Args& args_;
  const Instant deadline_;
  Tasks tasks_;
  Lines lines_;
  Output output_;
  std::unique_ptr<HostSocket> socket_;
  std::size_t ways_ = 0;         // listeners, and dialers that have not given up
  std::set<std::string> known_;  // ROUTER: ids that were there once
  std::uint64_t counted_ = 0;
  Instant interrupted_ = Instant::Never();
  bool ended_ = false;
  int code_ = kDone;
};

absl::Status Session::Join() {
  SocketOptions options;
  options.routing_id = args_.identity;
  options.router_mandatory = args_.role == SocketType::kRouter;
  options.link.reconnect.max_interval = kLongestPause;
  if (args_.hwm) {
    for (Mark* mark : {&options.send_mark, &options.receive_mark}) {
      mark->messages = static_cast<std::size_t>(*args_.hwm);
      if (*args_.hwm == 0) mark->bytes = 0;
    }
  }
  absl::StatusOr<std::unique_ptr<HostSocket>> socket =
      tasks_.host().MakeSocket(args_.role, options);
  if (!socket.ok()) return socket.status();
  socket_ = *std::move(socket);
  if (absl::Status subscribed = Subscribe(); !subscribed.ok()) return subscribed;
  for (const Args::Place& place : args_.places) {
    if (place.endpoint.starts_with("inproc:")) {
      return absl::InvalidArgumentError(absl::StrCat(
          Escape(place.endpoint), ": inproc reaches only sockets of one process; use tcp or ipc"));
    }
    ++ways_;
    if (!place.bind) {
      absl::Status connected = socket_->Connect(place.endpoint);
      if (!connected.ok()) return connected;
      continue;
    }
    const absl::StatusOr<std::string> bound = socket_->Bind(place.endpoint);
    if (!bound.ok()) return bound.status();
    Note(absl::StrCat("bound ", Escape(*bound)));
  }
  return absl::OkStatus();
}

absl::Status Session::Subscribe() {
  if (args_.role == SocketType::kSub && args_.subscriptions.empty()) return socket_->Subscribe("");
  for (const std::string& prefix : args_.subscriptions) {
    if (args_.role == SocketType::kSub) {
      if (absl::Status done = socket_->Subscribe(prefix); !done.ok()) return done;
    } else {
      Message notice(absl::StrCat("\x01", prefix));
      if (absl::Status done = socket_->TrySend(&notice); !done.ok()) return done;
    }
  }
  return absl::OkStatus();
}

Task<bool> Session::Print(Message message) {
  if (args_.role == SocketType::kRouter) {
    known_.emplace(AsText(message.routing_id()));
    message.IdToFront();
  }
  const absl::Status written = co_await output_.Write(FormatLine(message, args_.format) + "\n");
  co_return written.ok() || Fail(written.message());
}

// ROUTER: an id that was never there may come; one that is gone will not.
Task<bool> Session::FindDestination(const Message& message) {
  const std::string id(AsText(message.to()));
  const auto here = [this, &id] {
    return static_cast<bool>(socket_->core().FindPeer(AsBytes(id)));
  };
  if (!known_.contains(id)) co_await UntilEnded(here);
  if (ended_) co_return false;
  if (!here()) {
    co_return Fail(absl::StrCat("no peer has the routing id \"", Escape(id), "\" any more"));
  }
  known_.insert(id);
  co_return true;
}

Task<bool> Session::SendOne(Message message) {
  if (args_.role == SocketType::kRouter && !co_await FindDestination(message)) co_return false;
  absl::Status sent;
  const auto try_it = [&] {
    sent = socket_->TrySend(&message);
    return !absl::IsUnavailable(sent);
  };
  if (!try_it()) co_await UntilEnded(try_it);
  co_return sent.ok() || Fail(sent.message());
}

Task<absl::StatusOr<Message>> Session::Receive() {
  Message message;
  if (socket_->TryReceive(&message)) co_return message;
  bool got = false;
  absl::Status why = absl::CancelledError("");
  co_await UntilEnded([&] {
    got = socket_->TryReceive(&message);
    if (!got) why = socket_->core().ReceiveStatus();
    return got || !absl::IsUnavailable(why);
  });
  if (!got) co_return why;
  co_return message;
}

Task<bool> Session::SendLine(std::string_view line, std::uint64_t number) {
  absl::StatusOr<Message> message = ParseLine(line);
  if (!message.ok()) {
    co_return Fail(absl::StrCat("stdin, line ", number, ": ", message.status().message()));
  }
  if (args_.role == SocketType::kRouter && !message->FrontToId()) {
    co_return Fail(
        absl::StrCat("stdin, line ", number,
                     ": router wants the destination's routing id, a tab, and a message"));
  }
  if (number > 1) co_await tasks_.Sleep(args_.interval);
  if (ended_ || !co_await SendOne(*std::move(message))) co_return false;
  if (only_sends()) CountOne();
  if (args_.role != SocketType::kReq) co_return true;
  absl::StatusOr<Message> reply = co_await Receive();
  if (!reply.ok()) co_return Fail(reply.status().message());
  if (!co_await Print(*std::move(reply))) co_return false;
  CountOne();
  co_return true;
}

// Whoever publishes to nobody loses what it says: the first subscriber gets a moment to come.
Task<void> Session::AwaitSubscriber() {
  const Instant end = net::Now() + kSubscriberWait;
  while (!ended_ && socket_->core().topics() == 0 && net::Now() < end) {
    co_await tasks_.Sleep(absl::Milliseconds(5));
  }
}

Task<void> Session::SendLines() {
  if (publishes()) co_await AwaitSubscriber();
  for (std::uint64_t number = 1; !ended_; ++number) {
    const std::optional<std::string> line = co_await lines_.Next();
    if (!line) break;
    if (!co_await SendLine(*line, number)) co_return;
  }
  if (!receives_by_itself()) End(kDone);
}

Task<bool> Session::Answer(const Message& message) {
  if (args_.echo) co_return co_await SendOne(message);
  Message answer = *ParseLine(*args_.reply);
  if (args_.role == SocketType::kRouter) {
    // A REQ asked, who knows its reply by the empty part in front.
    if (message.multipart() && message[0].empty()) {
      Message enveloped("");
      for (const Slice& part : answer) enveloped.AddPart(part.bytes());
      answer = std::move(enveloped);
    }
    answer.set_to(message.routing_id());
  }
  co_return co_await SendOne(std::move(answer));
}

Task<void> Session::ReceiveMessages() {
  while (!ended_) {
    const absl::StatusOr<Message> message = co_await Receive();
    if (ended_) co_return;
    if (!message.ok()) {
      Fail(message.status().message());
      co_return;
    }
    if (!co_await Print(*message)) co_return;
    if (answers() && !co_await Answer(*message)) co_return;
    CountOne();
  }
}

Task<void> Session::WatchSignals(int fd) {
  co_await tasks_.Readable(fd);
  interrupted_ = net::Now();
  End(kDone);
}

// A peer that refuses us for good is told, and ends us if nobody else can come.
void Session::WatchEvents() {
  SocketEvent event;
  while (socket_->NextEvent(&event)) {
    if (event.kind != SocketEvent::Kind::kGaveUp) continue;
    const std::string why =
        absl::StrCat(event.endpoint, ": ", event.status.message(), "; it will not be tried again");
    if (--ways_ == 0) {
      Fail(why);
    } else {
      Complain(why);
    }
  }
}

// What was sent goes out; --linger, --timeout and signals cap that.
int Session::Linger() {
  tasks_.RunOnce(absl::ZeroDuration());
  socket_->StartClose(args_.linger);
  while (!socket_->closed()) {
    const Instant now = net::Now();
    if (now >= deadline_) return kTimedOut;
    const Instant end = std::min(deadline_, interrupted_ + kLastMoment);
    if (now >= end) {
      Complain("interrupted before everything was sent");
      return kFailed;
    }
    tasks_.RunOnce(end - now);
  }
  const std::uint64_t lost = socket_->stats().lost;
  if (lost == 0) return code_;
  if (code_ == kDone) {
    Complain(absl::StrCat(lost, lost == 1 ? " message was" : " messages were", " not sent"));
  }
  return kFailed;
}

int Session::Run() {
  if (const absl::Status usable = tasks_.host().status(); !usable.ok()) {
    Complain(usable.message());
    return kFailed;
  }
  const Signals signals;
  if (const absl::Status joined = Join(); !joined.ok()) {
    Complain(joined.message());
    return kFailed;
  }
  if (args_.count && *args_.count == 0) End(kDone);
  tasks_.Spawn(WatchSignals(signals.fd()));
  if (reads_stdin()) tasks_.Spawn(SendLines());
  if (receives_by_itself()) tasks_.Spawn(ReceiveMessages());
  for (Instant now; !ended_; WatchEvents()) {
    now = net::Now();
    if (now >= deadline_) return kTimedOut;
    tasks_.RunOnce(deadline_ - now);
  }
  return Linger();
}

}  // namespace

int RunRole(const Args& args) {
  Session session(args);
  return session.Run();
}

}  // namespace monocoque::cli
