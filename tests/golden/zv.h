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

// A capture of what libzmq does: a header, then a script in causal order. One text line an item;
// "#" begins a comment. The subject is the side that was libzmq, the other side was scripted.
//
//     @captured libzmq 4.3.4
//     @subject S             it listened; C: it connected; both: both sides were libzmq
//     @socket PULL           both: @socket-S and @socket-C, and so on
//     @set OPTION value      a number, str:text or hex:octets
//     @differs D-11          this project wants another outcome
//     @order free            the order of the subject's last frames is not binding
//     @endpoint, @transport, @needs, @zap, @key, @random
//
//     C> 00ff 7a*300 {id:2=0001}    octets from that side; those with a name may differ
//     C2> 00                        the same on connection 2
//     open 2                        connection 2 is there; connection 1 is from the start
//     S! close within 1000          the subject closes in so many ms, and sends nothing before
//     C! close                      the scripted side closes
//     idle 100 2                    the subject sends nothing on connection 2, and keeps it
//     no-reconnect 600              the subject opens no new connection
//     wait 100                      a pause
//     app recv 6162 - 00*300        the subject's application receives three frames; both: S.app
//     app send, send-fails error=EAGAIN, recv-none 100, recv-fails error=EFSM,
//         setopt OPTION value, join hex, leave hex, close
//     Z> frames, Z< frames          a ZAP request and its reply
//
// In front of the frames of a message: group=hex, rid=last (to the sender of the last message).

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
    kZapAsked,     // zap: the request as a handler sees it
    kZapSays,      // zap: its reply
  };

  Kind kind = Kind::kWait;
  std::string text;  // the line, without its comment
  Side side = Side::kS;
  int connection = 1;
  absl::Duration time;
  Octets octets;
  AppStep app;
  std::vector<Octets> zap;
};

// A socket that was recorded.
struct SocketSpec {
  SocketType type = SocketType::kPair;
  std::vector<OptionSetting> options;
  std::vector<std::string> random;  // what it drew, in order
};

struct Capture {
  Side subject = Side::kS;
  SocketSpec c;  // of the subject's sides only
  SocketSpec s;
  std::vector<std::string> differs;  // rules by which we want another outcome
  bool order_free = false;           // the order of the subject's last frames is not binding
  std::string endpoint;
  bool zap_handler = false;  // one runs beside the subject
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
