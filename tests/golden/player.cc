#include "tests/golden/player.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "protocol/mechanism/zap.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/message.h"
#include "tests/golden/options.h"

namespace monocoque::golden {
namespace {

// How long octets, a connection or a message may take to come.
constexpr absl::Duration kPatience = absl::Seconds(2);
// libzmq's, always.
constexpr std::string_view kZapRequestId = "1";

Outcome Differs(std::string_view what) { return {Outcome::Kind::kDiffers, std::string(what)}; }

// What a wish came to.
Outcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return {};
  return Differs(status.ToString());
}

// A shortened view of octets for a message.
std::string Show(std::string_view octets) {
  constexpr std::size_t kShown = 40;
  return absl::StrCat(octets.size(), " octets ", absl::BytesToHexString(octets.substr(0, kShown)),
                      octets.size() > kShown ? "..." : "");
}

// The error of libzmq's API as a status of ours.
bool IsErrno(const absl::Status& status, std::string_view name) {
  if (name == "EAGAIN") return absl::IsUnavailable(status);
  if (name == "EFSM" || name == "ENOTSUP") return absl::IsFailedPrecondition(status);
  if (name == "EHOSTUNREACH") return absl::IsNotFound(status);
  return name == "EINVAL" &&
         (absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status));
}

class Player {
 public:
  Player(const Capture& capture, Side role, Subject* subject, SubjectOptions options)
      : capture_(capture), role_(role), subject_(*subject), options_(std::move(options)) {}

  Outcome Start();
  Outcome Run(const std::vector<Step>& script);

 private:
  Outcome Do(const Step& step);
  Outcome Hear(const Step& step);
  Outcome HearLastInAnyOrder(const Step* first, const Step* end);
  Outcome HearError(const Step& step);
  Outcome Closes(const Step& step);
  Outcome StaysIdle(const Step& step);
  Outcome Opens(const Step& step);
  Outcome App(const Step& step);
  Outcome Send(const AppStep& app);
  Outcome Receive(const AppStep& app);
  Outcome SetOption(const OptionSetting& option);
  Outcome ZapAsked(const Step& step);
  Outcome ZapSays(const Step& step);
  Outcome ExpectLeftovers();
  bool IdInFront() const;
  absl::Status TrySend(const AppStep& app);
  bool OnlySubjectSpeaks(const Step* first, const Step* end) const;

  const Capture& capture_;
  const Side role_;
  Subject& subject_;
  SubjectOptions options_;
  Message last_;  // received last
};

Outcome Player::Start() {
  const absl::StatusOr<Endpoint> endpoint =
      ParseEndpoint(capture_.endpoint.empty() ? "sim://script" : capture_.endpoint);
  if (!endpoint.ok()) return Differs(endpoint.status().ToString());
  for (const std::string& prefix : options_.subscriptions) {
    if (Outcome made = OutcomeOf(subject_.socket().Subscribe(prefix, subject_.now()));
        made.kind != Outcome::Kind::kPlayed) {
      return made;
    }
  }
  const absl::Status started =
      role_ == Side::kS ? subject_.Listen(*endpoint) : subject_.Connect(*endpoint);
  if (!started.ok()) return Differs(started.ToString());
  return subject_.Open(1) ? Outcome() : Differs("connection 1 does not open");
}

Outcome Player::Run(const std::vector<Step>& script) {
  const Step* const end = script.data() + script.size();
  for (const Step* step = script.data(); step != end; ++step) {
    const bool last = capture_.order_free && OnlySubjectSpeaks(step, end);
    Outcome outcome = last ? HearLastInAnyOrder(step, end) : Do(*step);
    if (outcome.kind != Outcome::Kind::kPlayed) {
      outcome.text = absl::StrCat("step ", step - script.data() + 1, ", ",
                                  step->text.substr(0, 100), ": ", outcome.text);
      return outcome;
    }
    if (last) break;
  }
  return ExpectLeftovers();
}

Outcome Player::Do(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kOctets:
      if (step.side == role_) return Hear(step);
      if (subject_.wire(step.connection).closed) return Differs("the subject has closed");
      subject_.Say(step.connection, step.octets.text());
      return {};
    case Step::Kind::kClose:
      subject_.Close(step.connection);
      return {};
    case Step::Kind::kCloseWithin:
      return Closes(step);
    case Step::Kind::kError:
      return HearError(step);
    case Step::Kind::kOpen:
      return Opens(step);
    case Step::Kind::kIdle:
      return StaysIdle(step);
    case Step::Kind::kNoReconnect:
      if (subject_.Until(step.time, [&] { return subject_.dials() > 0; }))
        return Differs("a new connection");
      return {};
    case Step::Kind::kWait:
      // Between two real sockets traffic went on meanwhile: it says how time passes.
      if (capture_.subject != Side::kBoth) subject_.Until(step.time, [] { return false; });
      return {};
    case Step::Kind::kApp:
      return step.side == role_ ? App(step) : Outcome();
    case Step::Kind::kZapAsked:
      return ZapAsked(step);
    case Step::Kind::kZapSays:
      return ZapSays(step);
  }
  return {};
}

Outcome Player::Hear(const Step& step) {
  Subject::Wire& wire = subject_.wire(step.connection);
  const std::size_t size = step.octets.size();
  subject_.Until(kPatience, [&] { return wire.heard.size() >= size || wire.closed; });
  if (wire.heard.size() < size) {
    return Differs(absl::StrCat(wire.closed ? "the subject closed after " : "no more than ",
                                Show(wire.heard)));
  }
  const std::string got = wire.heard.substr(0, size);
  wire.heard.erase(0, size);
  const std::string difference = step.octets.Difference(got);
  return difference.empty() ? Outcome() : Differs(absl::StrCat(difference, " in ", Show(got)));
}

bool Player::OnlySubjectSpeaks(const Step* first, const Step* end) const {
  for (const Step* step = first; step != end; ++step) {
    if (step->kind != Step::Kind::kOctets || step->side != role_ ||
        step->connection != first->connection)
      return false;
  }
  return true;
}

Outcome Player::HearLastInAnyOrder(const Step* first, const Step* end) {
  std::vector<const Step*> left;
  for (const Step* step = first; step != end; ++step) left.push_back(step);
  while (!left.empty()) {
    Outcome outcome;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const std::string before = subject_.wire(first->connection).heard;
      outcome = Hear(*left[i]);
      if (outcome.kind == Outcome::Kind::kPlayed) {
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
      subject_.wire(first->connection).heard = before;
    }
    if (outcome.kind != Outcome::Kind::kPlayed) return outcome;
  }
  return {};
}

Outcome Player::HearError(const Step& step) {
  Subject::Wire& wire = subject_.wire(step.connection);
  FrameHeader header;
  const auto whole = [&] {
    return ParseFrameHeader(AsBytes(wire.heard), &header) == FrameParse::kOk &&
           wire.heard.size() >= header.header_bytes + header.body_bytes;
  };
  if (!subject_.Until(kPatience, whole))
    return Differs(absl::StrCat("no ERROR but ", Show(wire.heard)));
  const std::size_t size = header.header_bytes + static_cast<std::size_t>(header.body_bytes);
  const std::string frame = wire.heard.substr(0, size);
  wire.heard.erase(0, size);
  const absl::StatusOr<Command> command = ParseCommand(AsBytes(frame).subspan(header.header_bytes));
  const bool is_error = header.command() && command.ok() && command->name == command::kError &&
                        ParseErrorReason(command->data).ok();
  return is_error ? Outcome() : Differs(absl::StrCat("no ERROR but ", Show(frame)));
}

Outcome Player::Closes(const Step& step) {
  Subject::Wire& wire = subject_.wire(step.connection);
  const bool closed = subject_.Until(step.time, [&] { return wire.closed; });
  if (!wire.heard.empty()) return Differs(absl::StrCat("before the close ", Show(wire.heard)));
  return closed ? Outcome() : Differs("no close");
}

Outcome Player::StaysIdle(const Step& step) {
  Subject::Wire& wire = subject_.wire(step.connection);
  subject_.Until(step.time, [&] { return wire.closed || !wire.heard.empty(); });
  if (!wire.heard.empty()) return Differs(Show(wire.heard));
  return wire.closed ? Differs("the subject closed") : Outcome();
}

Outcome Player::Opens(const Step& step) {
  if (role_ == Side::kC) subject_.Until(kPatience, [&] { return subject_.dials() > 0; });
  return subject_.Open(step.connection) ? Outcome() : Differs("no new connection");
}

// Between two real sockets the side that asks is the one with the handler.
Outcome Player::ZapAsked(const Step& step) {
  if (capture_.subject == Side::kBoth && role_ != Side::kS) return {};
  subject_.Until(kPatience, [&] { return subject_.zap_request() != nullptr; });
  if (subject_.zap_request() == nullptr) return Differs("ZAP is not asked");
  const Message request = ZapRequest(*subject_.zap_request(), kZapRequestId);
  if (request.part_count() != step.zap.size())
    return Differs(absl::StrCat("a request of ", request.part_count(), " frames"));
  for (std::size_t i = 0; i < step.zap.size(); ++i) {
    const std::string_view part = request[i].text();
    if (part.size() != step.zap[i].size() || !step.zap[i].Difference(part).empty()) {
      return Differs(absl::StrCat("frame ", i, " of the request is ", Show(part)));
    }
  }
  return {};
}

Outcome Player::ZapSays(const Step& step) {
  if (capture_.subject == Side::kBoth && role_ != Side::kS) return {};
  if (subject_.zap_request() == nullptr) return Differs("ZAP is not asked");
  Message reply(step.zap[0].text());
  for (std::size_t i = 1; i < step.zap.size(); ++i) reply.AddPart(step.zap[i].text());
  subject_.AnswerZap(ZapVerdict(reply, kZapRequestId));
  return {};
}

// At the end nothing unread may be left.
Outcome Player::ExpectLeftovers() {
  subject_.Turn();
  for (const auto& [number, wire] : subject_.wires()) {
    if (!wire.heard.empty()) {
      return Differs(absl::StrCat("left over on connection ", number, ": ", Show(wire.heard)));
    }
  }
  return {};
}

// Types whose messages carry the peer's id in front, in libzmq's API.
bool Player::IdInFront() const {
  const SocketType type = subject_.socket().type();
  return type == SocketType::kRouter || type == SocketType::kStream;
}

Outcome Player::App(const Step& step) {
  const AppStep& app = step.app;
  Socket& socket = subject_.socket();
  switch (app.verb) {
    case AppVerb::kSend:
      return Send(app);
    case AppVerb::kSendFails: {
      subject_.Turn();
      const absl::Status status = TrySend(app);
      return IsErrno(status, app.error) ? Outcome() : Differs(status.ToString());
    }
    case AppVerb::kRecv:
      return Receive(app);
    case AppVerb::kRecvNone: {
      const bool came = subject_.Until(
          step.time, [&] { return socket.Receive(&last_, nullptr, subject_.now()); });
      return came ? Differs(absl::StrCat("received ", Show(last_.text()))) : Outcome();
    }
    case AppVerb::kRecvFails: {
      subject_.Turn();
      if (socket.Receive(&last_, nullptr, subject_.now()))
        return Differs(absl::StrCat("received ", Show(last_.text())));
      const absl::Status status = socket.ReceiveStatus();
      return IsErrno(status, app.error) ? Outcome() : Differs(status.ToString());
    }
    case AppVerb::kSetOption:
      return SetOption(app.option);
    case AppVerb::kJoin:
      return OutcomeOf(socket.Join(*app.group, subject_.now()));
    case AppVerb::kLeave:
      return OutcomeOf(socket.Leave(*app.group, subject_.now()));
    case AppVerb::kClose:
      socket.Close(options_.linger, subject_.now());
      return {};
  }
  return {};
}

absl::Status Player::TrySend(const AppStep& app) {
  Message message;
  for (std::size_t i = 0; i < app.frames.size(); ++i) {
    // A generated id is another one here: the one that was received last is meant.
    const bool generated = IdInFront() && i == 0 && app.frames[0].named();
    const std::string text =
        generated ? std::string(AsText(last_.routing_id())) : app.frames[i].text();
    if (i == 0) {
      message = Message(text);
    } else {
      message.AddPart(text);
    }
  }
  // ROUTER-9: an id alone is no message, and there is nothing to send.
  if (IdInFront() && !message.FrontToId()) return absl::OkStatus();
  if (app.group) message.set_group(*app.group);
  if (app.routing_id == "last") {
    message.set_to(last_.routing_id());
  } else if (std::uint32_t id = 0; absl::SimpleAtoi(app.routing_id, &id)) {
    const std::array<std::uint8_t, 4> octets = {
        static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
        static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
    message.set_to(Bytes(octets));
  }
  return subject_.socket().Send(&message, subject_.now());
}

Outcome Player::Send(const AppStep& app) {
  absl::Status status;
  subject_.Until(kPatience, [&] {
    status = TrySend(app);
    return !absl::IsUnavailable(status);
  });
  subject_.Turn();
  return status.ok() ? Outcome() : Differs(status.ToString());
}

Outcome Player::Receive(const AppStep& app) {
  Message message;
  // Octets without frames come in whatever pieces they were cut into.
  std::string whole;
  const bool raw = subject_.socket().type() == SocketType::kStream;
  const std::size_t size = raw && app.frames.size() == 2 ? app.frames[1].size() : 0;
  const bool came = subject_.Until(kPatience, [&] {
    while (subject_.socket().Receive(&message, nullptr, subject_.now())) {
      whole += message.text();
      if (!raw || whole.size() >= size) return true;
    }
    return false;
  });
  if (!came) return Differs("nothing to receive");
  if (raw) {
    Message joined(whole);
    joined.set_to(message.routing_id());
    message = joined;
  }
  last_ = message;
  if (IdInFront()) message.IdToFront();
  if (app.group && AsText(message.group()) != *app.group) {
    return Differs(absl::StrCat("group ", Show(AsText(message.group()))));
  }
  if (message.part_count() != app.frames.size())
    return Differs(absl::StrCat(message.part_count(), " parts"));
  for (std::size_t i = 0; i < app.frames.size(); ++i) {
    const std::string_view part = message[i].text();
    if (part.size() != app.frames[i].size() || !app.frames[i].Difference(part).empty()) {
      return Differs(absl::StrCat("part ", i, " is ", Show(part)));
    }
  }
  return {};
}

Outcome Player::SetOption(const OptionSetting& option) {
  Socket& socket = subject_.socket();
  Outcome outcome;
  if (option.name == "SUBSCRIBE") {
    outcome = OutcomeOf(socket.Subscribe(option.value.octets, subject_.now()));
  } else if (option.name == "UNSUBSCRIBE") {
    outcome = OutcomeOf(socket.Unsubscribe(option.value.octets, subject_.now()));
  } else {
    return {Outcome::Kind::kOptionMissing, option.name};
  }
  subject_.Turn();
  return outcome;
}

}  // namespace

std::string_view Outcome::Name(Kind kind) {
  switch (kind) {
    case Kind::kPlayed:
      return "played";
    case Kind::kOptionMissing:
      return "option missing";
    case Kind::kDiffers:
      return "differs";
  }
  return "";
}

Outcome Play(const Capture& capture, Side role, const std::vector<Step>& script, Cut cut) {
  const SocketSpec& spec = capture.side(role);
  SubjectOptions options;
  for (const OptionSetting& option : spec.options) {
    if (!ApplyOption(option, &options)) return {Outcome::Kind::kOptionMissing, option.name};
  }
  SetMechanism(capture.zap_handler, &options);
  const auto subject = Subject::Create(spec.type, options.socket, cut, spec.random);
  if (!subject.ok()) return Differs(subject.status().ToString());
  if (capture.zap_handler) (*subject)->SetZapHandler();
  Player player(capture, role, subject->get(), options);
  Outcome started = player.Start();
  return started.kind == Outcome::Kind::kPlayed ? player.Run(script) : started;
}

}  // namespace monocoque::golden
