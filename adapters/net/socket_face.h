#ifndef MONOCOQUE_ADAPTERS_NET_SOCKET_FACE_H_
#define MONOCOQUE_ADAPTERS_NET_SOCKET_FACE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/zap.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::net {

// Why a handle without a socket can do nothing: it was never given one, or was moved from.
const absl::Status& NoSocket();

// What a socket's user can ask on every adapter whose calls give absl::Status. The adapter's own
// handle adds how to send, to wait and to close. A handle: movable. One that was never given a
// socket, or was moved from, may be asked anything but core(): status() is a failed precondition,
// and so is the answer to all else; counts are zero.
//
// `State` is the adapter's: `status()`, and if that is OK `driver()`, a SocketDriver.
template <typename State>
class SocketFace {
 public:
  // OK, or why the socket could not be made, which all operations say then.
  const absl::Status& status() const {
    if (state_ == nullptr) [[unlikely]]
      return NoSocket();
    return state_->status();
  }

  // Listens before it returns: the bound endpoint, with the port that the system chose. `options`:
  // for this endpoint; null: those of the socket.
  absl::StatusOr<std::string> Bind(std::string_view endpoint,
                                   const LinkOptions* options = nullptr) {
    if (!status().ok()) return status();
    return state_->driver().Bind(endpoint, options);
  }
  // Connects in the background, again and again, but for ends that would repeat themselves: then it
  // gives up for good, which an event tells (docs/adapters.md).
  absl::Status Connect(std::string_view endpoint, const LinkOptions* options = nullptr) {
    return status().ok() ? state_->driver().Connect(endpoint, options) : status();
  }
  // The way back: with the text that Bind gave, and that Connect got. The links end with it, once
  // what was handed to them is written.
  absl::Status Unbind(std::string_view bound) {
    return status().ok() ? state_->driver().Unbind(bound) : status();
  }
  absl::Status Disconnect(std::string_view endpoint) {
    return status().ok() ? state_->driver().Disconnect(endpoint) : status();
  }

  // Decides who may come in, where a mechanism or a domain has somebody asked (adapters/zap.h);
  // called last in a turn, where it may do anything. Without one, or null, the ZAP handler at
  // inproc://zeromq.zap.01 is asked; where there is none either, nobody who has to be asked about
  // comes in.
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
    if (status().ok()) state_->driver().SetAuthenticator(std::move(authenticator));
  }

  // True and a message, if one is there already.
  bool TryReceive(Message* out) { return status().ok() && state_->driver().Receive(out); }
  // Is one there?
  bool CanReceive() { return status().ok() && state_->driver().CanReceive(); }

  // SUB, XSUB: see monocoque::Socket::Subscribe.
  absl::Status Subscribe(std::string_view prefix) {
    return status().ok() ? state_->driver().Subscribe(prefix) : status();
  }
  absl::Status Unsubscribe(std::string_view prefix) {
    return status().ok() ? state_->driver().Unsubscribe(prefix) : status();
  }
  // DISH: see monocoque::Socket::Join.
  absl::Status Join(std::string_view group) {
    return status().ok() ? state_->driver().Join(group) : status();
  }
  absl::Status Leave(std::string_view group) {
    return status().ok() ? state_->driver().Leave(group) : status();
  }

  // What happens to the socket, as it happens. The callback may call anything, on any socket, and
  // destroy this one. Each event is given once: without a callback they wait, the oldest ones, and
  // NextEvent gives them.
  void OnEvent(std::function<void(const SocketEvent&)> callback) {
    if (status().ok()) state_->driver().OnEvent(std::move(callback));
  }
  bool NextEvent(SocketEvent* out) {
    return status().ok() && state_->driver().machine().NextEvent(out);
  }

  // Any other wish of the core socket, with the time it is made at:
  //     socket.Ask([&](monocoque::Socket* s, Instant now) { return s->Join("group", now); })
  // If status() is not OK the wish is not asked: that status is the answer, or an empty value where
  // the answer is of another kind.
  template <typename Wish>
  auto Ask(Wish&& wish) {
    using Answer = decltype(state_->driver().Ask(std::forward<Wish>(wish)));
    if (status().ok()) [[likely]]
      return state_->driver().Ask(std::forward<Wish>(wish));
    if constexpr (std::is_constructible_v<Answer, const absl::Status&>) {
      return Answer(status());
    } else {
      return Answer{};
    }
  }
  // The core socket beneath, only if status() is OK: getters. Whatever changes it goes through the
  // calls here, or Ask.
  const monocoque::Socket& core() const { return state_->driver().machine(); }
  // All zero if status() is not OK.
  const SocketStats& stats() const {
    static constexpr SocketStats kNone{};
    return status().ok() ? core().stats() : kNone;
  }

 protected:
  SocketFace() = default;
  explicit SocketFace(std::shared_ptr<State> state) : state_(std::move(state)) {}
  // Assigning is the adapter's: what the handle had is closed as its destructor closes it.
  SocketFace(SocketFace&&) noexcept = default;
  ~SocketFace() = default;

  std::shared_ptr<State> state_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_SOCKET_FACE_H_
