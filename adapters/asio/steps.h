#ifndef MONOCOQUE_ADAPTERS_ASIO_STEPS_H_
#define MONOCOQUE_ADAPTERS_ASIO_STEPS_H_

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"

// What the asynchronous operations of a socket do, apart from handlers and executors. Each has its
// completion signature; `place`: the queue in which it waits; `Try`: goes on as far as it can, true
// once it has its result; `Deliver`: gives the result away.
namespace monocoque::asio::detail {

class SocketState;

enum class Place {
  kNone,       // has its result at once
  kSenders,    // in order; at once if nobody waits
  kReceivers,  // in order, at the next turn
  kWatchers,   // in any order, at the next turn
  kClosing,    // until the socket is closed
};

struct StatusStep {
  using Signature = void(boost::system::error_code);

  template <typename Function>
  void Deliver(Function&& function) {
    std::forward<Function>(function)(ec);
  }

  boost::system::error_code ec;
};

template <typename Value>
struct ValueStep {
  using Signature = void(boost::system::error_code, Value);

  template <typename Function>
  void Deliver(Function&& function) {
    std::forward<Function>(function)(ec, std::move(value));
  }

  boost::system::error_code ec;
  Value value{};
};

struct SendStep : StatusStep {
  explicit SendStep(Message what) : message(std::move(what)) {}
  static Place place() { return Place::kSenders; }
  bool Try(SocketState* socket);
  Message message;
};

struct SendManyStep : ValueStep<std::size_t> {
  explicit SendManyStep(std::span<Message> what) : messages(what) {}
  static Place place() { return Place::kSenders; }
  bool Try(SocketState* socket);
  std::span<Message> messages;
};

struct ReceiveStep : ValueStep<Message> {
  static Place place() { return Place::kReceivers; }
  bool Try(SocketState* socket);
};

struct ReceiveManyStep : ValueStep<std::vector<Message>> {
  explicit ReceiveManyStep(std::size_t most) : max(most) {}
  static Place place() { return Place::kReceivers; }
  bool Try(SocketState* socket);
  std::size_t max;
};

struct WaitStep : StatusStep {
  enum class For { kSend, kReceive, kPeers, kEvent };
  explicit WaitStep(For what, std::size_t count = 0) : waits_for(what), peers(count) {}
  Place place() const;
  bool Try(SocketState* socket);
  For waits_for;
  std::size_t peers;
};

// Options are kept until the step is taken; null: the socket's own.
struct BindStep : ValueStep<std::string> {
  BindStep(std::string_view where, std::shared_ptr<const LinkOptions> link)
      : endpoint(where), options(std::move(link)) {}
  static Place place() { return Place::kNone; }
  bool Try(SocketState* socket);
  std::string endpoint;
  std::shared_ptr<const LinkOptions> options;
};

struct ConnectStep : StatusStep {
  ConnectStep(std::string_view where, std::shared_ptr<const LinkOptions> link)
      : endpoint(where), options(std::move(link)) {}
  static Place place() { return Place::kNone; }
  bool Try(SocketState* socket);
  std::string endpoint;
  std::shared_ptr<const LinkOptions> options;
};

struct FlushStep : StatusStep {
  static Place place() { return Place::kNone; }
  bool Try(SocketState* socket);
};

struct CloseStep : StatusStep {
  explicit CloseStep(absl::Duration time) : linger(time) {}
  static Place place() { return Place::kClosing; }
  bool Try(SocketState* socket);
  absl::Duration linger;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_STEPS_H_
