#ifndef MONOCOQUE_TESTS_GOLDEN_SUBJECT_H_
#define MONOCOQUE_TESTS_GOLDEN_SUBJECT_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque::golden {

// How what is said to the subject is cut on its way: no cut may matter (G-9).
enum class Cut {
  kLines,   // as it is said, each piece read into windows
  kOctets,  // one octet at a time, donated; larger pieces far inside a large frame
  kJoined,  // what is said with nothing between in one piece, donated
};

// One of our sockets alone with raw connections, whose other ends are in the hands of a script,
// under a virtual clock. No descriptor, no thread.
class Subject {
 public:
  // The other end of a connection.
  struct Wire {
    LinkId link;
    std::string said;     // to the subject, and not yet read by it
    std::string heard;    // from the subject, and not yet looked at
    bool closed = false;  // by the subject
  };

  static absl::StatusOr<std::unique_ptr<Subject>> Create(SocketType type,
                                                         const SocketOptions& options, Cut cut,
                                                         std::vector<std::string> random = {});

  Socket& socket() { return socket_; }
  Instant now() const { return now_; }
  // What the subject dialed and nobody took up with Open.
  std::size_t dials() const { return dials_.size(); }
  Wire& wire(int number) { return wires_[number]; }
  const std::map<int, Wire>& wires() const { return wires_; }

  // A handler of ZAP decides; without one nobody is let in who has to be asked about.
  void SetZapHandler() { zap_handler_ = true; }
  // The oldest request that it was asked and did not answer; null: there is none.
  const AuthRequest* zap_request() const {
    return asked_.empty() ? nullptr : asked_.front().request.get();
  }
  void AnswerZap(const AuthVerdict& verdict);

  absl::Status Listen(const Endpoint& endpoint);
  absl::Status Connect(const Endpoint& endpoint);
  // A connection under this number: to the listener, or the subject's oldest dial. False: there is
  // none.
  bool Open(int number);
  void Say(int number, std::string_view octets);
  void Close(int number);

  // Everything that can happen now happens.
  void Turn();
  // The same as time goes on, from deadline to deadline, until `done` or to the end of `limit`.
  // Says whether `done`.
  bool Until(absl::Duration limit, const std::function<bool()>& done);

 private:
  Subject(Socket socket, Instant now, Cut cut) : socket_(std::move(socket)), now_(now), cut_(cut) {}

  Wire* Find(LinkId link);
  bool Actions();
  bool Transmit();
  bool Read();
  bool ReadWindow(Wire* wire);
  bool Donate(Wire* wire);

  Socket socket_;
  Instant now_;
  const Cut cut_;
  ListenerId listener_;
  bool zap_handler_ = false;
  std::deque<action::Authenticate> asked_;
  std::deque<Wire> dials_;
  std::map<int, Wire> wires_;
};

}  // namespace monocoque::golden

#endif  // MONOCOQUE_TESTS_GOLDEN_SUBJECT_H_
