#ifndef MONOCOQUE_TESTS_GOLDEN_ZV_H_
#define MONOCOQUE_TESTS_GOLDEN_ZV_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::golden {

// A capture of what libzmq does: a header, and a script of octets, application steps and pauses, in
// causal order. One text line an item, "#" begins a comment:
//
//     @captured libzmq 4.3.4         @subject S | C | both    the side that was libzmq: it listened
//     (S), it connected (C)
//     @socket TYPE                   @set OPTION value        number, str:text, hex:octets (both:
//     @socket-S, @set-C ...)
//     @needs draft   @order free   @differs RULE   @transport ipc|ws   @endpoint TEXT   @zap
//     handler   @key ...   @random ...
//
//     C> ff {padding:8=0000000000000001} 7f    octets of that side on connection 1 (C2>: on 2); a
//     named piece may differ S! close within 1000                     the subject closes in so many
//     ms, and has sent nothing more C! close                                 the scripted side
//     closes open 2                                   connection 2 is there; connection 1 is from
//     the start idle 100 [2]                             nothing comes from the subject on the
//     connection, and it stays open no-reconnect 600 / wait 100              no new connection in
//     so long / a pause app send|recv [group=hex] [rid=last] 6162 - 00*300      app send-fails
//     error=NAME ... / recv-fails error=NAME app recv-none 100 / setopt OPTION value / join hex /
//     leave hex / close            (both: S.app, C.app) Z> frames / Z< frames                    a
//     ZAP request and its reply

// One of the two ends of a connection: C opened it, S accepted it.
enum class Side { kC, kS, kBoth };

// Octets of which some may differ from run to run: those have a name, and hold what was seen.
struct Piece {
  std::string octets;
  std::string name;
};

struct Octets {
  std::vector<Piece> pieces;

  std::size_t size() const;
  // As seen when captured.
  std::string text() const;
  bool named() const { return pieces.size() == 1 && !pieces[0].name.empty(); }
  // Where `got`, which has the same size, is another: "octet 3: 05, not 04"; empty: nowhere.
  std::string Difference(std::string_view got) const;
};

struct OptionValue {
  std::string octets;                  // str: and hex:
  std::optional<std::int64_t> number;  // otherwise
};

struct OptionSetting {
  std::string name;  // as in the libzmq API, without ZMQ_
  OptionValue value;
};

enum class AppVerb {
  kSend,
  kSendFails,
  kRecv,
  kRecvNone,
  kRecvFails,
  kSetOption,
  kJoin,
  kLeave,
  kClose,
};

struct AppStep {
  AppVerb verb = AppVerb::kClose;
  std::vector<Octets> frames;
  std::optional<std::string> group;  // of the message, or what to join or leave
  std::string routing_id;            // "last", or a number
  std::string error;                 // "EAGAIN"
  OptionSetting option;
};

struct Step {
  enum class Kind {
    kOctets,       // side, connection, octets
    kClose,        // side, connection
    kCloseWithin,  // side, connection, time
    kError,  // side, connection: an ERROR command, whatever its reason; in scripts of ours alone
    kOpen,   // connection
    kIdle,   // connection, time
    kNoReconnect,  // time
    kWait,         // time
    kApp,          // side, app
    kZap,
  };

  Kind kind = Kind::kWait;
  std::string text;  // the line, without its comment
  Side side = Side::kS;
  int connection = 1;
  absl::Duration time;
  Octets octets;
  AppStep app;
};

// A socket that was recorded.
struct SocketSpec {
  SocketType type = SocketType::kPair;
  std::vector<OptionSetting> options;
};

struct Capture {
  Side subject = Side::kS;
  SocketSpec c;  // of the subject's sides only
  SocketSpec s;
  std::vector<std::string> differs;  // rules by which we want another outcome
  bool order_free = false;           // the order of the subject's last frames is not binding
  bool needs_draft = false;
  std::string transport = "tcp";
  std::string endpoint;
  std::vector<Step> steps;

  const SocketSpec& side(Side which) const { return which == Side::kC ? c : s; }
};

// Takes what the grammar above says and nothing else; an error names the line.
absl::StatusOr<Capture> ParseCapture(std::string_view text);
// Steps that go on where `connections` are open, with the line "S! error" as well: the subject
// sends ERROR.
absl::StatusOr<std::vector<Step>> ParseScript(std::string_view text, Side subject, int connections);

}  // namespace monocoque::golden

#endif  // MONOCOQUE_TESTS_GOLDEN_ZV_H_
