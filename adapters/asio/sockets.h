#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKETS_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKETS_H_

#include <boost/asio/any_io_executor.hpp>
#include <concepts>
#include <memory>
#include <utility>

#include "adapters/asio/socket.h"
#include "alloc/slab_pool.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

// One class for each pattern, with what that pattern can do: `Rep rep(io);`. What the functions do
// is said in socket.h. On an executor of a type of your own: `Rep::rebind_executor<E>::other`.
namespace monocoque::asio {

namespace detail {

// What all patterns can do.
template <SocketType kType, typename Executor>
class Face : protected basic_socket<Executor> {
 protected:
  using core_socket = basic_socket<Executor>;

 public:
  template <typename Other>
  struct rebind_executor {
    using other = Face<kType, Other>;
  };
  using typename core_socket::default_token;
  using typename core_socket::executor_type;

  explicit Face(const executor_type& executor, const SocketOptions& options = {},
                std::shared_ptr<SlabPool> pool = nullptr)
      : core_socket(executor, kType, options, std::move(pool)) {}
  template <std::derived_from<boost::asio::execution_context> Context>
  explicit Face(Context& context, const SocketOptions& options = {},
                std::shared_ptr<SlabPool> pool = nullptr)
      : core_socket(context, kType, options, std::move(pool)) {}

  using core_socket::ask;
  using core_socket::async_bind;
  using core_socket::async_close;
  using core_socket::async_connect;
  using core_socket::async_wait_event;
  using core_socket::async_wait_ready;
  using core_socket::bind;
  using core_socket::cancel;
  using core_socket::close;
  using core_socket::connect;
  using core_socket::core;
  using core_socket::disconnect;
  using core_socket::get_executor;
  using core_socket::is_open;
  using core_socket::next_event;
  using core_socket::set_authenticator;
  using core_socket::stats;
  using core_socket::unbind;
};

template <template <typename> typename Outer, typename Base, typename Executor>
struct Rebound {
  using other = Outer<typename Base::template rebind_executor<Executor>::other>;
};

template <typename Base>
class Sends : public Base {
 public:
  template <typename Executor>
  using rebind_executor = Rebound<Sends, Base, Executor>;
  using Base::Base;
  using Base::core_socket::async_flush;
  using Base::core_socket::async_send;
  using Base::core_socket::async_send_many;
  using Base::core_socket::async_wait_send;
  using Base::core_socket::try_send;
};

template <typename Base>
class Receives : public Base {
 public:
  template <typename Executor>
  using rebind_executor = Rebound<Receives, Base, Executor>;
  using Base::Base;
  using Base::core_socket::async_receive;
  using Base::core_socket::async_receive_many;
  using Base::core_socket::async_wait_receive;
  using Base::core_socket::can_receive;
  using Base::core_socket::try_receive;
};

template <typename Base>
class Subscribes : public Base {
 public:
  template <typename Executor>
  using rebind_executor = Rebound<Subscribes, Base, Executor>;
  using Base::Base;
  using Base::core_socket::subscribe;
  using Base::core_socket::unsubscribe;
};

template <typename Base>
class Joins : public Base {
 public:
  template <typename Executor>
  using rebind_executor = Rebound<Joins, Base, Executor>;
  using Base::Base;
  using Base::core_socket::join;
  using Base::core_socket::leave;
};

template <SocketType kType, typename Executor = boost::asio::any_io_executor>
using Sender = Sends<Face<kType, Executor>>;
template <SocketType kType, typename Executor = boost::asio::any_io_executor>
using Receiver = Receives<Face<kType, Executor>>;
template <SocketType kType, typename Executor = boost::asio::any_io_executor>
using Both = Receives<Sends<Face<kType, Executor>>>;

}  // namespace detail

using Pair = detail::Both<SocketType::kPair>;
using Pub = detail::Sender<SocketType::kPub>;
using Sub = detail::Subscribes<detail::Receiver<SocketType::kSub>>;
using XPub = detail::Both<SocketType::kXPub>;
using XSub = detail::Subscribes<detail::Both<SocketType::kXSub>>;
using Req = detail::Both<SocketType::kReq>;
using Rep = detail::Both<SocketType::kRep>;
using Dealer = detail::Both<SocketType::kDealer>;
using Router = detail::Both<SocketType::kRouter>;
using Push = detail::Sender<SocketType::kPush>;
using Pull = detail::Receiver<SocketType::kPull>;
using Client = detail::Both<SocketType::kClient>;
using Server = detail::Both<SocketType::kServer>;
using Radio = detail::Sender<SocketType::kRadio>;
using Dish = detail::Joins<detail::Receiver<SocketType::kDish>>;
using Scatter = detail::Sender<SocketType::kScatter>;
using Gather = detail::Receiver<SocketType::kGather>;
using Peer = detail::Both<SocketType::kPeer>;
using Channel = detail::Both<SocketType::kChannel>;
using Stream = detail::Both<SocketType::kStream>;

}  // namespace monocoque::asio

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKETS_H_
