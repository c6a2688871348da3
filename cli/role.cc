#include "cli/role.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
#include "cli/ending.h"
#include "cli/front.h"
#include "cli/host.h"
#include "cli/join.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/pick.h"
#include "cli/roles.h"
#include "cli/security.h"
#include "cli/tasks.h"
#include "cli/text.h"
#include "cli/troubles.h"
#include "protocol/connection/peer_info.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/routing_number.h"

namespace monocoque::cli {
namespace {

// A publisher waits for its first subscriber.
constexpr absl::Duration kSubscriberWait = absl::Seconds(1);
// Whoever has no room for an answer gets a moment; others lose no more than one in so long by it.
constexpr absl::Duration kRoomWait = absl::Milliseconds(50);
constexpr absl::Duration kRoomPause = absl::Seconds(1);
// One turn: what can be written is.
constexpr absl::Duration kOneTurn = absl::Microseconds(1);
// Routing ids that are known to have been there; they are the peers' choice.
constexpr std::size_t kMostKnown = 4096;

// One role at work: coroutines for what is sent and what is received, and how it ends.
class Session {
 public:
  explicit Session(const Args& args)
      : args_(args),
        role_(*RoleOf(args.role)),
        tasks_(PickHost(args.adapter)),
        ending_(&tasks_, args.timeout),
        lines_(&tasks_, STDIN_FILENO),
        output_(&tasks_) {}

  int Run();

 private:
  bool answers() const { return args_.echo || args_.reply.has_value(); }
  bool reads_stdin() const { return role_.reads && !answers(); }
  bool has_front() const { return role_.front != Front::kNothing; }
  bool has_destination() const {
    return role_.front == Front::kRoutingId || role_.front == Front::kRoutingNumber;
  }
  bool only_sends() const { return !role_.prints; }
  // What ends REQ is its input, although it prints.
  bool receives_by_itself() const { return !only_sends() && args_.role != SocketType::kReq; }

  absl::Status Open();
  absl::Status Subscribe();
  Task<void> AwaitSubscriber();
  Task<void> SendLines();
  absl::StatusOr<Message> ParseParts(std::string_view line) const;
  absl::StatusOr<Message> Parse(std::string_view line) const;
  Task<bool> SendLine(std::string_view line, std::uint64_t number);
  Task<absl::Status> SendOne(Message message);
  Task<bool> FindDestination(const Message& message, std::uint64_t number);
  void Know(std::string_view id);
  bool IsHere(std::string_view id) const;
  Task<absl::StatusOr<Message>> Receive();
  Task<void> ReceiveMessages();
  Task<void> SendWhatWasRead();
  Task<bool> Answer(Message message);
  Task<absl::Status> SendAnswer(Message message);
  Task<bool> Print(Message message);
  Task<void> WatchReader();
  void OnReady(const SocketEvent& ready);
  void WatchEvents();
  int Close();
  bool TellDrops();

  // The socket is asked nothing any more once it closes.
  Tasks::Until UntilEnded(std::function<bool()> holds) {
    return tasks_.AsyncUntil([this, holds = std::move(holds)] { return ended() || holds(); });
  }
  void CountOne() {
    ++counted_;
    if (full()) ending_.End(kDone);
  }
  bool full() const { return args_.count && counted_ >= *args_.count; }
  bool ended() const { return ending_.ended(); }
  bool Fail(std::string_view why) { return ending_.Fail(why); }

  const Args& args_;
  const Role& role_;
  Tasks tasks_;
  Ending ending_;
  Lines lines_;
  Output output_;
  std::unique_ptr<HostSocket> socket_;
  std::set<std::string> known_;  // routing ids that were there once
  std::set<PeerId> told_;        // of those that we dial
  std::uint64_t counted_ = 0;
  std::uint64_t sent_lines_ = 0;
  bool line_waits_ = false;  // one was read, and no socket has it
  bool lingered_ = false;    // for a line, in vain
  Instant room_again_;       // until then nobody is waited for
  Recurring nobody_{" answers found nobody"};
  Recurring no_room_{" answers were not taken"};
  std::optional<Troubles> troubles_;  // once it is open
};

absl::Status Session::Open() {
  const absl::StatusOr<Security> security = LoadSecurity(args_.security);
  if (!security.ok()) return security.status();
  troubles_.emplace(args_.places.size(), security->hint);
  SocketOptions options = OptionsOf(args_, args_.role);
  options.link.mechanism = security->mechanism;
  absl::StatusOr<std::unique_ptr<HostSocket>> socket =
      tasks_.host().MakeSocket(args_.role, options);
  if (!socket.ok()) return socket.status();
  socket_ = *std::move(socket);
  socket_->SetAuthenticator(security->authenticator);
  if (absl::Status subscribed = Subscribe(); !subscribed.ok()) return subscribed;
  if (absl::Status joined = Join(socket_.get(), args_.places); !joined.ok()) return joined;
  for (const std::string& note : security->notes) Complain(note);
  return absl::OkStatus();
}

absl::Status Session::Subscribe() {
  for (const std::string& group : args_.groups) {
    if (absl::Status done = socket_->Join(group); !done.ok()) return done;
  }
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
  if (role_.front == Front::kRoutingId) Know(AsText(message.routing_id()));
  ShowFront(role_.front, &message);
  const std::string line =
      args_.raw ? FormatRaw(message, has_front()) : FormatLine(message, args_.format);
  const absl::Status written = co_await output_.Write(line + "\n");
  co_return written.ok() || Fail(written.message());
}

// Who only receives has nothing to do any more when nobody reads what it prints.
Task<void> Session::WatchReader() {
  const bool unread = co_await output_.Unread();
  if (unread) Fail(Output::kClosed);
}

bool Session::IsHere(std::string_view id) const {
  return static_cast<bool>(socket_->core().FindPeer(AsBytes(id)));
}

// For lines that are for them. What is forgotten is waited for as if it had never been there.
void Session::Know(std::string_view id) {
  if (!reads_stdin() || !known_.emplace(id).second) return;
  if (known_.size() > kMostKnown) known_.erase(known_.begin());
}

// A routing id that was never there may come; one that is gone will not. A number is ours, and
// there once somebody came; so are the ids of STREAM.
Task<bool> Session::FindDestination(const Message& message, std::uint64_t number) {
  const std::string id(AsText(message.to()));
  const std::string line = absl::StrCat("stdin, line ", number, ": ");
  if (role_.front == Front::kRoutingNumber) {
    co_return IsHere(id) ||
        Fail(absl::StrCat(line, "no peer has the routing number ", message.routing_number()));
  }
  const bool may_come = args_.role != SocketType::kStream && !known_.contains(id);
  if (may_come) co_await UntilEnded([this, &id] { return IsHere(id) || known_.contains(id); });
  if (ended()) co_return false;
  if (!IsHere(id)) {
    co_return Fail(absl::StrCat(line, "no peer has the routing id \"", Escape(id), "\" any more"));
  }
  Know(id);
  co_return true;
}

// Not found: whom it was for is gone.
Task<absl::Status> Session::SendOne(Message message) {
  absl::Status sent;
  const auto try_it = [&] {
    sent = socket_->TrySend(&message);
    return !absl::IsUnavailable(sent);
  };
  if (try_it()) co_return sent;
  if (!only_sends()) {
    co_await UntilEnded(try_it);
    co_return sent;
  }
  // The end of its input is the end, and --linger caps what is left to do then.
  co_await UntilEnded([&] { return try_it() || lines_.at_end(); });
  const Instant end = net::Now() + args_.linger;
  if (absl::IsUnavailable(sent)) {
    co_await tasks_.AsyncUntil([&] { return ended() || try_it() || net::Now() >= end; }, end);
  }
  if (absl::IsUnavailable(sent) && !ended()) {
    lingered_ = true;
    ending_.End(kDone);
  }
  co_return sent;
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
  if (!got) {
    // What became of the peer says more.
    WatchEvents();
    co_return why;
  }
  co_return message;
}

absl::StatusOr<Message> Session::ParseParts(std::string_view line) const {
  if (args_.raw) return ParseRaw(line, has_front());
  // REQ puts its envelope in front.
  return ParseLine(
      line, {.envelope = args_.role == SocketType::kReq ? 1u : 0u, .front = has_front() ? 1u : 0u});
}

// What a line stands for, ready to be sent. An error says what is wrong with it.
absl::StatusOr<Message> Session::Parse(std::string_view line) const {
  absl::StatusOr<Message> message = ParseParts(line);
  if (absl::IsInvalidArgument(message.status()) && !args_.raw) {
    return absl::InvalidArgumentError(
        absl::StrCat(message.status().message(), ". --raw takes lines as they are"));
  }
  if (!message.ok()) return message;
  if (absl::Status taken = TakeFront(role_.front, &*message); !taken.ok()) {
    return absl::Status(taken.code(), absl::StrCat(role_.name, " ", taken.message()));
  }
  if (role_.single_part && message->multipart()) {
    return absl::InvalidArgumentError(absl::StrCat(
        role_.name, " sends messages of one part; a tab that belongs to it is written \\t"));
  }
  return message;
}

Task<bool> Session::SendLine(std::string_view line, std::uint64_t number) {
  absl::StatusOr<Message> message = Parse(line);
  if (!message.ok()) {
    co_return Fail(absl::StrCat("stdin, line ", number, ": ", message.status().message()));
  }
  if (number > 1) co_await tasks_.Sleep(args_.interval);
  if (ended() || (has_destination() && !co_await FindDestination(*message, number)))
    co_return false;
  if (number == 1 && role_.publishes() && socket_->core().topics() == 0) {
    Complain("nobody has subscribed yet: what is published until then reaches nobody");
  }
  const absl::Status sent = co_await SendOne(*std::move(message));
  if (absl::IsNotFound(sent)) {
    co_return Fail(absl::StrCat("stdin, line ", number, ": whom it is for has just gone"));
  }
  if (!sent.ok()) co_return Fail(sent.message());
  line_waits_ = false;
  ++sent_lines_;
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
  co_await tasks_.AsyncUntil(
      [this, end] { return ended() || socket_->core().topics() > 0 || net::Now() >= end; }, end);
}

Task<void> Session::SendLines() {
  if (role_.publishes()) co_await AwaitSubscriber();
  std::uint64_t number = 1;
  for (; !ended(); ++number) {
    const std::optional<std::string> line = co_await lines_.Next();
    if (!line) break;
    line_waits_ = true;
    if (!co_await SendLine(*line, number)) co_return;
  }
  if (!lines_.status().ok()) {
    const bool too_long = absl::IsResourceExhausted(lines_.status());
    Fail(absl::StrCat("stdin", too_long ? absl::StrCat(", line ", number) : "", ": ",
                      lines_.status().message()));
  } else if (!receives_by_itself()) {
    ending_.End(kDone);
  }
}

// Of two that each expect a message of the other, whoever has its own first still sends what it
// read by then, as far as there is room: turn by turn, while lines go out.
Task<void> Session::SendWhatWasRead() {
  const std::uint64_t last = sent_lines_ + lines_.waiting() + (line_waits_ ? 1 : 0);
  std::uint64_t before = 0;
  do {
    before = sent_lines_;
    co_await tasks_.Sleep(kOneTurn);
  } while (!ended() && sent_lines_ != before && sent_lines_ < last);
}

Task<bool> Session::Answer(Message message) {
  // Who came or went asked nothing, and an empty answer would end the connection.
  if (args_.role == SocketType::kStream && message.size() == 0) co_return true;
  if (args_.reply) {
    Message answer = *ParseLine(*args_.reply);
    // A REQ asked a ROUTER: it knows its reply by the empty part in front.
    if (args_.role == SocketType::kRouter && message.multipart() && message[0].empty()) {
      Message enveloped("");
      for (const Slice& part : answer) enveloped.AddPart(part.bytes());
      answer = std::move(enveloped);
    }
    if (has_destination()) answer.set_to(message.routing_id());
    message = std::move(answer);
  }
  // Nobody else's answers end with it.
  const absl::Status sent = co_await SendAnswer(std::move(message));
  if (absl::IsNotFound(sent)) {
    nobody_.Happen("a peer was gone before it had its answer");
  } else if (absl::IsUnavailable(sent) && !ended()) {
    no_room_.Happen("a peer did not take its answer");
  }
  co_return sent.ok() || absl::IsNotFound(sent) || absl::IsUnavailable(sent) ||
      Fail(sent.message());
}

// Unavailable: whom it is for has no room, and had its moment. REP has to answer before it hears
// the next.
Task<absl::Status> Session::SendAnswer(Message message) {
  if (!has_destination()) co_return co_await SendOne(std::move(message));
  absl::Status sent = socket_->TrySend(&message);
  if (!absl::IsUnavailable(sent)) co_return sent;
  const Instant begin = net::Now();
  const bool waits = begin >= room_again_;
  const Instant end = begin + (waits ? kRoomWait : kOneTurn);
  do {
    co_await tasks_.Sleep(kOneTurn);
    if (ended()) co_return sent;
    sent = socket_->TrySend(&message);
  } while (absl::IsUnavailable(sent) && net::Now() < end);
  if (waits && absl::IsUnavailable(sent)) room_again_ = net::Now() + kRoomPause;
  co_return sent;
}

Task<void> Session::ReceiveMessages() {
  while (!ended()) {
    const absl::StatusOr<Message> message = co_await Receive();
    if (ended()) co_return;
    if (!message.ok()) {
      Fail(message.status().message());
      co_return;
    }
    if (!co_await Print(*message)) co_return;
    if (answers() && !co_await Answer(*message)) co_return;
    if (reads_stdin() && args_.count && counted_ + 1 == *args_.count) co_await SendWhatWasRead();
    CountOne();
  }
}

// ROUTER knows whoever was there, by what he told: he may be gone again. PEER speaks to its peers
// by numbers that it has to hear of. Those that it dials keep theirs over reconnects.
void Session::OnReady(const SocketEvent& ready) {
  if (args_.role == SocketType::kRouter) Know(ready.peer_info->identity);
  if (args_.role != SocketType::kPeer || ended()) return;
  if (ready.dialer && !told_.insert(ready.peer).second) return;
  Note(absl::StrCat("peer ", RoutingNumberOf(socket_->core().routing_id(ready.peer))));
}

// A peer that refuses us for good is told, and ends us if nobody else can come.
void Session::WatchEvents() {
  SocketEvent event;
  if (ending_.failed()) troubles_->Hush();
  while (socket_->NextEvent(&event)) {
    if (event.kind == SocketEvent::Kind::kReady) OnReady(event);
    const std::string why = troubles_->OnEvent(event);
    if (why.empty() || ended()) continue;
    if (troubles_->nobody_can_come()) {
      Fail(why);
    } else {
      Complain(why);
    }
  }
}

int Session::Run() {
  absl::Status opened = tasks_.host().status();
  if (opened.ok()) opened = ending_.status();
  if (opened.ok()) opened = Open();
  if (!opened.ok()) {
    Complain(opened.message());
    return kFailed;
  }
  if (args_.count && *args_.count == 0) ending_.End(kDone);
  if (reads_stdin()) {
    tasks_.Spawn(lines_.Read());
    tasks_.Spawn(SendLines());
  }
  if (receives_by_itself()) tasks_.Spawn(ReceiveMessages());
  if (!role_.reads && !answers()) tasks_.Spawn(WatchReader());
  int code = ending_.Run([this] { WatchEvents(); }) ? Close() : kTimedOut;
  if (TellDrops() && code == kDone) code = kFailed;
  nobody_.TellSum();
  no_room_.TellSum();
  troubles_->TellSums();
  if (code == kTimedOut) troubles_->TellTimeout();
  return code;
}

// Of a publisher: what others drop is for who answers, and told there.
bool Session::TellDrops() {
  if (!role_.publishes() || !troubles_->dropped()) return false;
  const std::uint64_t dropped = socket_->stats().dropped;
  Complain(absl::StrCat(dropped, dropped == 1 ? " message was" : " messages were",
                        " dropped: whom they were for had no room for more"));
  return true;
}

int Session::Close() {
  Ending::Remains remains{.linger = lingered_ ? absl::ZeroDuration() : args_.linger,
                          .forgives = answers()};
  // What --count leaves is left on purpose.
  if (ending_.interrupted() || lingered_) {
    remains.unsent = lines_.waiting() + (line_waits_ ? 1 : 0);
    if (only_sends() && args_.count) {
      remains.unsent = std::min(remains.unsent, *args_.count - counted_);
    }
  }
  remains.why = [this] {
    WatchEvents();
    return troubles_->why_not_sent();
  };
  return ending_.Close({socket_.get()}, remains);
}

}  // namespace

int RunRole(const Args& args) {
  Session session(args);
  return session.Run();
}

}  // namespace monocoque::cli
