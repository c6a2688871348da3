#ifndef MONOCOQUE_ADAPTERS_NET_STEPS_H_
#define MONOCOQUE_ADAPTERS_NET_STEPS_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/waiting.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"

// What the operations of a socket do, apart from who waits for them and how. Each has `kPlace`,
// where it waits; `Try`, which goes on as far as it can and is true once there is a result; and the
// result: `status`, and with some a `value`. `begun`: it has had effects, and has no result yet.
namespace monocoque::net {

// An endpoint; with options of its own, where the socket's are not wanted:
//     connect("tcp://127.0.0.1:5555");
//     connect({"tcp://127.0.0.1:5555", &options});
// Refers to both.
struct EndpointSpec {
  template <std::convertible_to<std::string_view> Text>
  EndpointSpec(const Text& text, const LinkOptions* its_options = nullptr)
      : endpoint(text), options(its_options) {}

  std::string_view endpoint;
  const LinkOptions* options;  // null: the socket's
};

// Is that a result? Unavailable is none, and turns into one once nobody is left and nobody will
// come.
bool Settled(const WaitQueues& among, absl::Status* status);

struct StatusStep {
  template <typename Error>
  using Signature = void(Error);
  bool begun() const { return false; }
  absl::Status status;
};

template <typename Value>
struct ValueStep {
  template <typename Error>
  using Signature = void(Error, Value);
  bool begun() const { return false; }
  absl::Status status;
  Value value{};
};

struct SendStep : StatusStep {
  static constexpr Place kPlace = Place::kSenders;
  explicit SendStep(Message what) : message(std::move(what)) {}
  bool Try(const WaitQueues& among);
  Message message;
};

// The same of a message that stays its user's until it is sent.
struct SendItStep : StatusStep {
  static constexpr Place kPlace = Place::kSenders;
  explicit SendItStep(Message* what) : message(what) {}
  bool Try(const WaitQueues& among);
  Message* message;
};

// Its value: how many are sent.
struct SendManyStep : ValueStep<std::size_t> {
  static constexpr Place kPlace = Place::kSenders;
  explicit SendManyStep(std::span<Message> what) : messages(what) {}
  bool begun() const { return value > 0; }
  bool Try(const WaitQueues& among);
  std::span<Message> messages;
};

// Room for a message.
struct WaitSendStep : StatusStep {
  static constexpr Place kPlace = Place::kSenders;
  bool Try(const WaitQueues& among);
};

struct ReceiveStep : ValueStep<Message> {
  static constexpr Place kPlace = Place::kReceivers;
  bool Try(const WaitQueues& among);
};

// Those that are there, at least one.
struct ReceiveManyStep : ValueStep<std::vector<Message>> {
  static constexpr Place kPlace = Place::kReceivers;
  explicit ReceiveManyStep(std::size_t most) : max(most) {}
  bool Try(const WaitQueues& among);
  std::size_t max;
};

// A message, which is not taken.
struct WaitReceiveStep : StatusStep {
  static constexpr Place kPlace = Place::kReceivers;
  bool Try(const WaitQueues& among);
};

// Those that watch: cancelled once nothing can happen to the socket any more.

// So many peers that are ready.
struct WaitReadyStep : StatusStep {
  static constexpr Place kPlace = Place::kWatchers;
  explicit WaitReadyStep(std::size_t count) : peers(count) {}
  bool Try(const WaitQueues& among);
  std::size_t peers;
};

struct WaitEventStep : StatusStep {
  static constexpr Place kPlace = Place::kWatchers;
  bool Try(const WaitQueues& among);
};

// Whatever the caller wants to hold: asked each time that something may have happened.
struct UntilStep : StatusStep {
  static constexpr Place kPlace = Place::kWatchers;
  explicit UntilStep(std::function<bool()> what) : holds(std::move(what)) {}
  bool Try(const WaitQueues& among);
  std::function<bool()> holds;
};

// Those that are done at once.

// Copies what it is given.
struct EndpointStep {
  explicit EndpointStep(const EndpointSpec& spec) : endpoint(spec.endpoint) {
    if (spec.options != nullptr) options = std::make_shared<const LinkOptions>(*spec.options);
  }
  std::string endpoint;
  std::shared_ptr<const LinkOptions> options;
};

// The bound endpoint.
struct BindStep : EndpointStep, ValueStep<std::string> {
  static constexpr Place kPlace = Place::kReady;
  using EndpointStep::EndpointStep;
  bool Try(const WaitQueues& among);
};

struct ConnectStep : EndpointStep, StatusStep {
  static constexpr Place kPlace = Place::kReady;
  using EndpointStep::EndpointStep;
  bool Try(const WaitQueues& among);
};

struct FlushStep : StatusStep {
  static constexpr Place kPlace = Place::kReady;
  bool Try(const WaitQueues& among);
};

// The end of a close that somebody starts, with this time.
struct CloseStep : StatusStep {
  static constexpr Place kPlace = Place::kClosers;
  explicit CloseStep(absl::Duration time) : linger(time) {}
  bool begun() const { return true; }
  bool Try(const WaitQueues& among);
  absl::Duration linger;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_STEPS_H_
