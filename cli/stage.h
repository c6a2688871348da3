#ifndef MONOCOQUE_CLI_STAGE_H_
#define MONOCOQUE_CLI_STAGE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cli/host.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {

// A socket and whose it is.
struct Actor {
  std::unique_ptr<HostSocket> socket;
  std::string_view adapter;

  HostSocket* operator->() const { return socket.get(); }
};

// What the demo plays on: a loop of each adapter, messages between sockets of them, each told on
// stdout as it crosses, and the count. One thread.
class Stage {
 public:
  // An error: no adapter can be used.
  absl::Status Open();
  // Those that cannot be used, and why: "uring (io_uring: this kernel has none)".
  const std::vector<std::string>& left_out() const { return left_out_; }

  // Adapters have their turn one after the other: with three, each has met both others after three
  // pairs. Its socket is null if it could not be made.
  Actor Enter(SocketType type, const SocketOptions& options = {});

  // Two sockets joined over `endpoint`; false if that failed.
  bool Join(std::string_view title, const Actor& listens, const Actor& dials,
            std::string_view endpoint);

  // Turns all loops until it holds; false: it did not in time.
  bool Until(const std::function<bool()>& holds);

  // Sends from one to the other; the message that came, if one did. It has arrived if it has the
  // parts of the one that was sent.
  Message Pass(std::string_view from, const Actor& sender, std::string_view to,
               const Actor& receiver, Message message);

  int sent() const { return sent_; }
  int arrived() const { return arrived_; }
  // Of those that arrived.
  std::size_t octets() const { return octets_; }

 private:
  struct Place {
    std::unique_ptr<Host> host;
    std::string_view adapter;
  };

  std::vector<Place> hosts_;
  std::vector<std::string> left_out_;
  std::size_t entered_ = 0;
  int sent_ = 0;
  int arrived_ = 0;
  std::size_t octets_ = 0;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_STAGE_H_
