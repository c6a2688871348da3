#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKET_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKET_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/asio/error.h"
#include "adapters/asio/operation.h"
#include "adapters/asio/socket_state.h"
#include "adapters/net/socket_driver.h"
#include "adapters/net/steps.h"
#include "adapters/zap.h"
#include "alloc/slab_pool.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::asio {

namespace detail {

// The executor's own default token; without one, use_awaitable.
template <typename Executor>
using DefaultToken =
    std::conditional_t<std::is_void_v<boost::asio::default_completion_token_t<Executor>>,
                       boost::asio::use_awaitable_t<>,
                       boost::asio::default_completion_token_t<Executor>>;

// What sockets of a type can do. One whose type is not known before it runs has it all.
template <SocketType... kType>
concept Sends = (SendsMessages(kType) && ...);
template <SocketType... kType>
concept Receives = (ReceivesMessages(kType) && ...);
template <SocketType... kType>
concept Subscribes = (SendsSubscriptions(kType) && ...);
template <SocketType... kType>
concept Joins = ((kType == SocketType::kDish) && ...);

// Begins an operation once its handler is known.
template <typename Executor>
class Initiation {
 public:
  using executor_type = Executor;

  Initiation(std::shared_ptr<SocketState> state, const Executor& executor)
      : state_(std::move(state)), executor_(executor) {}
  executor_type get_executor() const noexcept { return executor_; }

  template <typename Handler, typename Step>
  void operator()(Handler&& handler, Step step) const {
    if constexpr (std::is_same_v<Step, net::CloseStep>) state_->StartClose(step.linger);
    using Decayed = std::decay_t<Handler>;
    state_->Submit(
        OperationOf<Step, Decayed, Executor>::Make(
            state_.get(), std::move(step), Decayed(std::forward<Handler>(handler)), executor_),
        Step::kPlace);
  }

 private:
  std::shared_ptr<SocketState> state_;
  Executor executor_;
};

}  // namespace detail

// A socket on an Asio executor, as asio::ip::tcp::socket is one: no thread, strand or execution
// context of ours. `sockets.h` has one class for each pattern, which is what programs use:
//
//     monocoque::asio::Rep rep(io);
//     co_await rep.async_bind("tcp://127.0.0.1:5555");
//     Message request = co_await rep.async_receive();
//
// `using namespace monocoque` beside `namespace asio = boost::asio` makes `asio` ambiguous: name
// what is used, `using monocoque::Message`, as the examples do.
//
// Every async_ function takes a completion token; without one the executor's default, and without
// that `use_awaitable`. The handler's associated executor, allocator and cancellation slot are
// honoured. It never runs within the function that began the operation.
//
// Errors: each operation says which it may have. Besides, all of them have operation_aborted
// (cancelled, or the socket was closed or destroyed meanwhile) and bad_descriptor (it was closed
// before). ec.message() is the whole sentence behind a code; see error.h. Functions that are not
// async_ throw system_error, or give the code to `ec`.
//
// Cancellation: all types (terminal, partial, total) do the same: an operation that has no result
// yet ends with operation_aborted and has had no effect. Only async_send_many and async_close have
// effects before they end: once they have, total does not end them. A message is taken in the very
// call that runs the handler: cancelled before that, it stays in the socket for the next receive.
// But operator|| of Boost drops the result of an operation that completes while another has already
// won: in it use async_wait_receive, which takes nothing, and then try_receive.
//
// What is sent is written at the end of the turn in which it is sent, all of it together; at once
// when 512 KiB wait.
//
// Once no dialer tries any more (LinkOptions::retry), nobody listens and no peer is left, sends,
// receives and async_wait_ready end with why the last one gave up, whatever its kind; try_send
// still says would_block.
//
// Thread rule: one call at a time, and the executor runs one handler at a time: an io_context with
// one thread, or a strand of yours. Moved-from sockets can be assigned to and destroyed. Destroying
// a socket closes it at once, as close() does. Must not outlive the execution context; when that
// goes away, handlers are destroyed unrun.
template <typename Executor = boost::asio::any_io_executor, SocketType... kType>
class basic_socket {
  static_assert(sizeof...(kType) <= 1, "a socket is of one type");
  static constexpr bool kTyped = sizeof...(kType) == 1;

 public:
  using executor_type = Executor;
  using default_token = detail::DefaultToken<Executor>;
  template <typename Other>
  struct rebind_executor {
    using other = basic_socket<Other, kType...>;
  };

  // Throws system_error if the options do not go together. `pool`: where the socket's memory comes
  // from; sockets may share one if they share one thread or strand. Without one each has its own,
  // which keeps at most 4 MiB at rest.
  explicit basic_socket(const executor_type& executor, const SocketOptions& options = {},
                        std::shared_ptr<SlabPool> pool = nullptr)
    requires(kTyped)
      : executor_(executor),
        state_(
            std::make_shared<detail::SocketState>(executor, kType..., options, std::move(pool))) {}
  template <std::derived_from<boost::asio::execution_context> Context>
    requires(kTyped)
  explicit basic_socket(Context& context, const SocketOptions& options = {},
                        std::shared_ptr<SlabPool> pool = nullptr)
      : basic_socket(context.get_executor(), options, std::move(pool)) {}
  basic_socket(const executor_type& executor, SocketType type, const SocketOptions& options = {},
               std::shared_ptr<SlabPool> pool = nullptr)
    requires(!kTyped)
      : executor_(executor),
        state_(std::make_shared<detail::SocketState>(executor, type, options, std::move(pool))) {}
  template <std::derived_from<boost::asio::execution_context> Context>
    requires(!kTyped)
  basic_socket(Context& context, SocketType type, const SocketOptions& options = {},
               std::shared_ptr<SlabPool> pool = nullptr)
      : basic_socket(context.get_executor(), type, options, std::move(pool)) {}
  basic_socket(basic_socket&&) noexcept = default;
  // From an executor of another type.
  template <std::convertible_to<Executor> Other>
  basic_socket(basic_socket<Other, kType...>&& other)
      : executor_(std::move(other.executor_)), state_(std::move(other.state_)) {}
  basic_socket& operator=(basic_socket&& other) noexcept {
    if (this == &other) return *this;
    if (state_ != nullptr) state_->Shutdown();
    executor_ = std::move(other.executor_);
    state_ = std::move(other.state_);
    return *this;
  }
  ~basic_socket() {
    if (state_ != nullptr) state_->Shutdown();
  }

  executor_type get_executor() const noexcept { return executor_; }
  bool is_open() const { return state_->driver() != nullptr; }
  // The whole core socket beneath: getters, statistics, routing ids. Null once the socket is
  // closed. Messages go through the functions below.
  const monocoque::Socket* core() const {
    return is_open() ? &state_->driver()->machine() : nullptr;
  }

  // Counts; those of a closed socket stay.
  const SocketStats& stats() const { return state_->stats(); }
  // Any other wish of the core socket, with the time it is made at, if is_open():
  //     socket.ask([&](monocoque::Socket* s, Instant now) { return s->SubscribeFor(peer, p, now);
  //     })
  template <typename Wish>
  auto ask(Wish&& wish) {
    return state_->driver()->Ask(std::forward<Wish>(wish));
  }

  // ---- Endpoints and subscriptions: at once ----------------------------------------------------

  // Signature: std::string(at, ec): the bound endpoint, with the port that the system chose
  // Completes when: at once, within the call: the socket listens.
  // Codes: what the system says (failed_precondition: address in use); invalid_argument: not an
  //   endpoint.
  // Cancellation: none.
  std::string bind(net::EndpointSpec at, ErrorOut ec = {}) {
    absl::StatusOr<std::string> bound = state_->Ask(&Driver::Bind, at.endpoint, at.options);
    ec.Tell(bound.status());
    return bound.ok() ? *std::move(bound) : "";
  }

  // Signature: void(to, ec)
  // Completes when: at once, within the call: connecting has begun. It goes on in the background,
  //   again and again, until LinkOptions::retry has it give up, which the event kGaveUp tells;
  //   nobody need listen yet.
  // Codes: invalid_argument: not an endpoint, or options that do not go together; already_exists:
  //   another peer has LinkOptions::connect_routing_id; failed_precondition: the socket is closing.
  // Cancellation: none.
  void connect(net::EndpointSpec to, ErrorOut ec = {}) {
    ec.Tell(state_->Ask(&Driver::Connect, to.endpoint, to.options));
  }

  // The way back: with the text that bind gave, and that connect got.
  // Signature: void(text, ec)
  // Completes when: at once, within the call. The links end once what was handed to them is
  //   written.
  // Codes: not_found.
  // Cancellation: none.
  void unbind(std::string_view bound, ErrorOut ec = {}) {
    ec.Tell(state_->Ask(&Driver::Unbind, bound));
  }
  void disconnect(std::string_view endpoint, ErrorOut ec = {}) {
    ec.Tell(state_->Ask(&Driver::Disconnect, endpoint));
  }

  // SUB, XSUB: messages that begin with `prefix` are wanted, or no more so; counted.
  // Signature: void(prefix, ec)
  // Completes when: at once, within the call; peers hear of it in the background.
  // Codes: failed_precondition: of another type; unsubscribe: not_found.
  // Cancellation: none.
  void subscribe(std::string_view prefix, ErrorOut ec = {})
    requires detail::Subscribes<kType...>
  {
    ec.Tell(state_->Ask(&Driver::Subscribe, prefix));
  }
  void unsubscribe(std::string_view prefix, ErrorOut ec = {})
    requires detail::Subscribes<kType...>
  {
    ec.Tell(state_->Ask(&Driver::Unsubscribe, prefix));
  }

  // DISH: messages of this group are wanted, or no more so.
  // Signature: void(group, ec)
  // Completes when: at once, within the call; peers hear of it in the background.
  // Codes: failed_precondition: of another type; join: already_exists, invalid_argument; leave:
  //   not_found.
  // Cancellation: none.
  void join(std::string_view group, ErrorOut ec = {})
    requires detail::Joins<kType...>
  {
    ec.Tell(state_->Ask(&Driver::Join, group));
  }
  void leave(std::string_view group, ErrorOut ec = {})
    requires detail::Joins<kType...>
  {
    ec.Tell(state_->Ask(&Driver::Leave, group));
  }

  // Decides who may come in, where a mechanism or a domain has somebody asked (adapters/zap.h);
  // called on the executor, as handlers are. Without one the ZAP handler at inproc://zeromq.zap.01
  // is asked; where there is none either, nobody who has to be asked about comes in. Nothing
  // happens to a closed socket.
  void set_authenticator(std::shared_ptr<Authenticator> authenticator) {
    if (is_open()) state_->driver()->SetAuthenticator(std::move(authenticator));
  }

  // ---- Now or not at all -----------------------------------------------------------------------

  // Takes the message, or leaves it untouched. Codes: would_block: see async_wait_send; and those
  // of async_send.
  boost::system::error_code try_send(Message* message)
    requires detail::Sends<kType...>
  {
    return ToErrorCode(state_->Ask(&Driver::Send, message));
  }
  // The next message, if one is there.
  std::optional<Message> try_receive()
    requires detail::Receives<kType...>
  {
    std::optional<Message> got(std::in_place);
    if (!is_open() || !state_->driver()->Receive(&*got)) got.reset();
    return got;
  }
  // Is there one?
  bool can_receive()
    requires detail::Receives<kType...>
  {
    return is_open() && state_->driver()->CanReceive();
  }
  // What happened, oldest first, until async_close is over and then what happened last. False:
  // nothing that was not told.
  bool next_event(SocketEvent* out) { return state_->NextEvent(out); }
  // Ends all outstanding operations with operation_aborted.
  void cancel() { state_->CancelAll(); }
  // Closes at once; what the kernel does not take now is lost. See async_close.
  void close() { state_->Shutdown(); }

  // ---- Messages --------------------------------------------------------------------------------

  // Signature: void(error_code)
  // Completes when: the socket has taken the message, which waits for a peer with room if need be.
  //   Sends are taken in order, and at once where there is room. What a message borrows must stay
  //   until then.
  // Codes: failed_precondition: out of turn, no destination was set, the type does not send, or the
  //   socket is closing; not_found: ROUTER, SERVER, PEER, STREAM: the destination is not there;
  //   invalid_argument: several parts where there may be one only; resource_exhausted: there is no
  //   memory for what it borrows.
  // Cancellation: not sent. The message is gone; keep a copy (it shares), or use async_wait_send.
  template <typename Token = default_token>
    requires detail::Sends<kType...>
  auto async_send(Message message, Token&& token = {}) {
    return Begin(net::SendStep(std::move(message)), std::forward<Token>(token));
  }

  // Signature: void(error_code, std::size_t sent)
  // Completes when: the socket has taken all messages, or an error says why not the next. They stay
  //   the caller's, who keeps them until then; those taken are empty.
  // Codes: as async_send.
  // Cancellation: the first `sent` are sent, the others untouched.
  template <typename Token = default_token>
    requires detail::Sends<kType...>
  auto async_send_many(std::span<Message> messages, Token&& token = {}) {
    return Begin(net::SendManyStep(messages), std::forward<Token>(token));
  }

  // Signature: void(error_code, Message)
  // Completes when: there is a message. Several outstanding ones get theirs in order.
  // Codes: failed_precondition: out of turn and no send is outstanding, the type does not receive,
  //   or the socket is closing.
  // Cancellation: no message is taken.
  template <typename Token = default_token>
    requires detail::Receives<kType...>
  auto async_receive(Token&& token = {}) {
    return Begin(net::ReceiveStep(), std::forward<Token>(token));
  }

  // Signature: void(error_code, std::vector<Message>)
  // Completes when: there is a message; with those that are there then, at most `max`. None are
  //   wanted: at once.
  // Codes: as async_receive.
  // Cancellation: no message is taken.
  template <typename Token = default_token>
    requires detail::Receives<kType...>
  auto async_receive_many(std::size_t max, Token&& token = {}) {
    return Begin(net::ReceiveManyStep(max), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: there is a message for try_receive, in order with outstanding receives.
  // Codes: as async_receive.
  // Cancellation: no effect.
  template <typename Token = default_token>
    requires detail::Receives<kType...>
  auto async_wait_receive(Token&& token = {}) {
    return Begin(net::WaitReceiveStep(), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: some peer has room for a message, in order with outstanding sends.
  // Codes: failed_precondition: the type does not send, or the socket is closing.
  // Cancellation: no effect.
  template <typename Token = default_token>
    requires detail::Sends<kType...>
  auto async_wait_send(Token&& token = {}) {
    return Begin(net::WaitSendStep(), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: what was sent was offered to the kernel. What it does not take now follows by
  //   itself.
  // Codes: the common ones.
  // Cancellation: none; it is done at once.
  template <typename Token = default_token>
    requires detail::Sends<kType...>
  auto async_flush(Token&& token = {}) {
    return Begin(net::FlushStep(), std::forward<Token>(token));
  }

  // ---- Endpoints, events, the end --------------------------------------------------------------

  // Signature: void(error_code, std::string bound)
  // Completes when: the socket listens, at once; with the bound endpoint.
  // Codes: as bind.
  // Cancellation: none; it is done at once.
  template <typename Token = default_token>
  auto async_bind(net::EndpointSpec at, Token&& token = {}) {
    return Begin(net::BindStep(at), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: connecting has begun; it goes on in the background. See async_wait_ready.
  // Codes: as connect.
  // Cancellation: none; it is done at once.
  template <typename Token = default_token>
  auto async_connect(net::EndpointSpec to, Token&& token = {}) {
    return Begin(net::ConnectStep(to), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: so many peers have a link that is ready for messages.
  // Codes: the common ones.
  // Cancellation: no effect.
  template <typename Token = default_token>
  auto async_wait_ready(std::size_t peers = 1, Token&& token = {}) {
    return Begin(net::WaitReadyStep(peers), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: there is an event for next_event.
  // Codes: the common ones.
  // Cancellation: no effect.
  template <typename Token = default_token>
  auto async_wait_event(Token&& token = {}) {
    return Begin(net::WaitEventStep(), std::forward<Token>(token));
  }

  // Signature: void(error_code)
  // Completes when: the socket is closed and its descriptors are gone. What was sent is written,
  //   over reconnects too, for at most `linger`. Other outstanding operations are aborted first; of
  //   several async_close the last one's time counts.
  // Codes: deadline_exceeded: some of it was not written.
  // Cancellation: ends the waiting; closing goes on.
  template <typename Token = default_token>
  auto async_close(absl::Duration linger = absl::InfiniteDuration(), Token&& token = {}) {
    return Begin(net::CloseStep(linger), std::forward<Token>(token));
  }

 private:
  template <typename, SocketType...>
  friend class basic_socket;
  using Driver = net::SocketDriver;

  template <typename Step, typename Token>
  auto Begin(Step step, Token&& token) {
    return boost::asio::async_initiate<
        Token, typename Step::template Signature<boost::system::error_code>>(
        detail::Initiation<Executor>(state_, executor_), token, std::move(step));
  }

  Executor executor_;
  std::shared_ptr<detail::SocketState> state_;
};

using Socket = basic_socket<>;

}  // namespace monocoque::asio

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKET_H_
