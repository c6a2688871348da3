// What is modelled: a PLAIN client or server, and a peer that sends anything behind a good
// greeting, or in its place. The first octet chooses the role and what the authenticator says, and
// when; the rest is what the peer sends, once whole and once octet by octet.
//
// What must hold: both ways of cutting come to the same end, unless the verdict comes between; a
// server lets in only who the authenticator accepted, which was asked at most once, about name and
// password as they stand in HELLO; a client is ready only behind WELCOME; nothing of the password
// is in an error; all memory comes back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "fuzz/hosting.h"
#include "fuzz/input.h"
#include "fuzz/pieces.h"
#include "fuzz/require.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/event.h"
#include "protocol/connection/options.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::AuthStatus;
using monocoque::Budget;
using monocoque::BudgetPtr;
using monocoque::Bytes;
using monocoque::Cause;
using monocoque::CauseOf;
using monocoque::Connection;
using monocoque::ConnectionEvent;
using monocoque::ConnectionOptions;
using monocoque::Host;
using monocoque::Message;
using monocoque::Poll;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;

constexpr std::string_view kOurPassword = "correct horse battery";
// No run of words in an error of ours is so long and could be a peer's password by chance.
constexpr std::size_t kNoWordOfOurs = 60;

// What the first octet chooses.
struct Choices {
  explicit Choices(std::uint8_t octet)
      : server((octet & 1) != 0), greeted((octet & 2) != 0), late((octet & 4) != 0) {
    constexpr AuthStatus kStatuses[] = {AuthStatus::kAccepted, AuthStatus::kTryLater,
                                        AuthStatus::kRefused, AuthStatus::kFailed};
    status = kStatuses[octet >> 3 & 3];
  }
  bool server;
  bool greeted;
  bool late;  // the verdict comes behind all that the peer says
  AuthStatus status;
};

struct Outcome {
  bool ready = false;
  int asked = 0;
  std::string username;
  std::string password;
  absl::Status end;
  std::string written;
};

class Run {
 public:
  Run(const Choices& choices, const Host& host) : choices_(choices), now_(host.now) {
    ConnectionOptions options;
    options.socket_type = monocoque::SocketType::kDealer;
    if (choices.server) {
      options.mechanism = monocoque::PlainServer{.domain = "test"};
    } else {
      options.mechanism =
          monocoque::PlainClient{.username = "admin", .password = std::string(kOurPassword)};
    }
    auto made = Connection::Create(options, host);
    Require(made.ok(), "good options make a connection");
    connection_ = *std::move(made);
  }

  void Feed(Bytes octets) {
    if (connection_->done()) return;
    (void)connection_->Donate(monocoque::fuzz::InOwnBlock(octets), now_);
    Drain();
  }

  Outcome Conclude() {
    Decide();
    Drain();
    connection_->OnTransportClosed(absl::OkStatus(), now_);
    Drain();
    outcome_.end = connection_->status();
    return std::move(outcome_);
  }

 private:
  void Drain() {
    (void)connection_->Process(1000, now_);
    Message message;
    ConnectionEvent event;
    for (bool more = true; more;) {
      while (connection_->NextEvent(&event)) OnEvent(event);
      more = connection_->Receive(&message, now_) != Poll::kNeedData;
    }
    outcome_.written += monocoque::testing::TakeOutput(connection_.get(), now_);
  }

  void OnEvent(const ConnectionEvent& event) {
    if (event.kind == ConnectionEvent::Kind::kReady) outcome_.ready = true;
    if (event.kind != ConnectionEvent::Kind::kAuthenticate) return;
    ++outcome_.asked;
    outcome_.username = event.auth->username;
    outcome_.password = event.auth->password;
    pending_ = true;
    if (!choices_.late) Decide();
  }

  void Decide() {
    if (!std::exchange(pending_, false)) return;
    connection_->Authorize({.status = choices_.status}, now_);
  }

  const Choices choices_;
  const monocoque::Instant now_;
  std::unique_ptr<Connection> connection_;
  Outcome outcome_;
  bool pending_ = false;
};

Outcome RunWith(const Choices& choices, const std::string& stream, std::size_t each) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  Outcome outcome;
  {
    Run run(choices, monocoque::fuzz::RunHost(budget));
    for (Bytes rest = AsBytes(stream); !rest.empty();) {
      const Bytes piece = rest.first(std::min(each, rest.size()));
      rest = rest.subspan(piece.size());
      run.Feed(piece);
    }
    outcome = run.Conclude();
  }
  Require(budget->used() == 0, "all memory comes back");
  return outcome;
}

void Judge(const Choices& choices, const std::string& stream, const Outcome& outcome) {
  Require(outcome.asked <= 1, "the authenticator is asked once at most");
  // Of a peer's own words an error may show anything.
  Require(absl::StrContains(stream, kOurPassword) ||
              !absl::StrContains(outcome.end.message(), kOurPassword),
          "no password in an error");
  if (choices.server) {
    const bool said_once = stream.find(outcome.password) == stream.rfind(outcome.password);
    Require(outcome.password.size() < kNoWordOfOurs || !said_once ||
                !absl::StrContains(outcome.end.message(), outcome.password),
            "no password in an error");
    Require(!outcome.ready || (outcome.asked == 1 && choices.status == AuthStatus::kAccepted),
            "only who was accepted is let in");
    if (outcome.asked == 0) return;
    std::string hello = "\x05HELLO";
    hello += static_cast<char>(outcome.username.size()) + outcome.username;
    hello += static_cast<char>(outcome.password.size()) + outcome.password;
    Require(absl::StrContains(stream, hello), "the authenticator is asked about what HELLO says");
  } else {
    Require(outcome.asked == 0, "a client asks nobody");
    Require(!outcome.ready || absl::StrContains(stream, "\x07WELCOME"),
            "a client is ready only behind WELCOME");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const Choices choices(data[0]);
  std::string stream;
  if (choices.greeted) {
    stream = monocoque::testing::PeerGreeting(3, 1, "PLAIN");
    stream[32] = choices.server ? '\0' : '\1';
  }
  stream += AsText(Bytes(data, size).subspan(1));
  const Outcome whole = RunWith(choices, stream, stream.size() + 1);
  Judge(choices, stream, whole);
  const Outcome cut = RunWith(choices, stream, 1);
  Judge(choices, stream, cut);
  // How much of the stream was there before the verdict is part of what happens: a client that does
  // not wait for WELCOME is refused.
  if (choices.server && !choices.late) return 0;
  Require(whole.ready == cut.ready, "whether it is let in does not depend on the cuts");
  Require(whole.asked == cut.asked, "nor does who is asked about");
  // Of a frame that is wrong in two ways either may be told.
  Require(CauseOf(whole.end) == CauseOf(cut.end), "nor does the end");
  if (!whole.ready) return 0;
  // Behind a violation nothing more is written, not even what was queued when it was seen.
  Require(CauseOf(whole.end) == Cause::kPeerViolation ? cut.written.starts_with(whole.written)
                                                      : cut.written == whole.written,
          "nor does what it is told");
  return 0;
}
