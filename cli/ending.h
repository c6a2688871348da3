#ifndef MONOCOQUE_CLI_ENDING_H_
#define MONOCOQUE_CLI_ENDING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/host.h"
#include "cli/signals.h"
#include "cli/tasks.h"
#include "protocol/drive/instant.h"

namespace monocoque::cli {

// Exit codes.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kTimedOut = 3;

// How one run of the command ends: by itself, by a failure, by a signal, or when its time is over.
class Ending {
 public:
  // Signals are ours from now on.
  Ending(Tasks* tasks, absl::Duration timeout);

  // OK, or why signals cannot be heard.
  absl::Status status() const { return signals_.status(); }
  bool ended() const { return ended_; }
  bool failed() const { return code_ == kFailed; }
  // The first end counts.
  void End(int code);
  // Complains, unless it has ended already. Always false.
  bool Fail(std::string_view why);

  // Turns until the end, calling `each_turn` after each. False: the time was over before it.
  bool Run(const std::function<void()>& each_turn);
  // It was a signal that ended it.
  bool interrupted() const { return interrupted_ != Instant::Never(); }

  // What Close has to know.
  struct Remains {
    absl::Duration linger;
    // Only what is lost from now on is a failure: until now peers came and went as they liked.
    bool forgives = false;
    // Messages that were to be sent and no socket has.
    std::uint64_t unsent = 0;
    // Asked after each turn: why what was sent does not go out, a sentence; empty: nobody knows.
    std::function<std::string()> why = [] { return std::string(); };
  };
  // Closes the sockets, whose outstanding messages still go out; the linger time, the timeout and
  // signals cap that, and after a failure that no peer is there. The exit code of the command.
  int Close(const std::vector<HostSocket*>& sockets, const Remains& remains);

 private:
  int CloseAll(const std::vector<HostSocket*>& sockets, const Remains& remains, std::string* why);
  Task<void> WatchSignals();

  Tasks& tasks_;
  const Signals signals_;
  const Instant deadline_;
  Instant interrupted_ = Instant::Never();
  bool ended_ = false;
  int code_ = kDone;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_ENDING_H_
