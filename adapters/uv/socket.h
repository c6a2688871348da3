#ifndef MONOCOQUE_ADAPTERS_UV_SOCKET_H_
#define MONOCOQUE_ADAPTERS_UV_SOCKET_H_

#include <uv.h>

#include <functional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/socket_face.h"
#include "adapters/uv/socket_state.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::uv {

// A socket on a loop of libuv, which stays its user's: run it, stop it and run it again as you
// like, with handles of your own beside ours. It keeps the loop alive while it listens, is
// connected or tries to be, paused or not, until it is closed or destroyed.
//
//     uv::Socket pull(uv_default_loop(), SocketType::kPull);
//     pull.OnMessage([](Message m) { ... });
//     if (auto bound = pull.Bind("ipc:///tmp/jobs"); !bound.ok()) return Fail(bound.status());
//     uv_run(uv_default_loop(), UV_RUN_DEFAULT);
//
// Callbacks come from uv_run, after everything else that the socket does in an iteration, never
// from within a call of these methods. They may call anything here, on any socket, and destroy
// this one; only uv_run they may not call. Nothing can be thrown through libuv: a callback that
// lets an exception out ends the process (std::terminate). What is sent in one iteration is
// written together before the loop waits, or earlier if it is 512 KiB.
//
// Errors carry sentences; "unavailable" alone means: not now.
//
// Thread rule: the loop's thread, which is whichever thread runs it, one at a time. The sockets on
// one loop share one pool of memory; messages may go to other threads. No thread is ours; names are
// looked up on libuv's own.
//
// A handle: movable. Assigning to it destroys what it had. Destroying it drops at once what was not
// handed to the kernel yet and closes every descriptor. No callback comes any more, but each `done`
// of a Close that was not over: with "cancelled", at the loop's next turn. Like any handle of libuv
// it needs the loop to run once more before uv_loop_close. Leave the handles that uv_walk shows
// alone.
class Socket : public net::SocketFace<SocketState> {
 public:
  // Does not fail; status() tells if the socket can be used.
  Socket(uv_loop_t* loop, SocketType type, const SocketOptions& options = {});
  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&& other) noexcept {
    Socket gone(std::move(other));
    std::swap(state_, gone.state_);
    return *this;
  }
  ~Socket();

  // Sends now or not at all: takes the message, or leaves it untouched. After "unavailable"
  // OnWritable tells when to try again.
  absl::Status Send(Message* message);
  absl::Status Send(Message message) { return Send(&message); }
  absl::Status Send(std::string_view text) { return Send(Message::Borrow(text)); }
  // A peer has room again after a send was refused; once for all refusals before.
  void OnWritable(std::function<void()> callback);

  // Each message as it arrives. Without a callback, and while paused, messages wait in the socket,
  // and beyond the receive mark in the network: that is how to slow senders down.
  void OnMessage(std::function<void(Message)> callback);
  // TryReceive takes what waits, paused or not.
  void Pause();
  void Resume();

  // Everything sent is handed to the kernel now, as far as it takes it.
  void Flush();

  // Ends the socket: no more endpoints, sends and messages; what was sent is still written for at
  // most `linger`. `done` comes once all descriptors and handles are closed: OK, or deadline
  // exceeded if something was not sent, cancelled if the socket is destroyed earlier, status() if
  // it was never usable. It comes once, never from within a call, so what it captures has to
  // outlive the socket. Again: with a new linger time, and each `done` comes, for which a loop is
  // needed still; without `done` a socket that is closed leaves its loop alone. Where there is no
  // socket, as the handle was moved from, there is no loop either: `done` comes within the call.
  void Close(absl::Duration linger = absl::InfiniteDuration(),
             std::function<void(absl::Status)> done = {});
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_SOCKET_H_
