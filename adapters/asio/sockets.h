#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKETS_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKETS_H_

#include <boost/asio/any_io_executor.hpp>

#include "adapters/asio/socket.h"
#include "protocol/wire/socket_type.h"

// One class for each pattern, with what that pattern can do: `Rep rep(io);`. What the functions do
// is said in socket.h. On an executor of a type of your own: `Rep::rebind_executor<E>::other`.
//
// Whoever calls Boost's namespace `asio` names ours in full, `monocoque::asio`, and from monocoque
// takes single names (`using monocoque::Message;`): all of them would bring a second `asio`.
namespace monocoque::asio {

template <SocketType kType>
using typed_socket = basic_socket<boost::asio::any_io_executor, kType>;

using Pair = typed_socket<SocketType::kPair>;
using Pub = typed_socket<SocketType::kPub>;
using Sub = typed_socket<SocketType::kSub>;
using XPub = typed_socket<SocketType::kXPub>;
using XSub = typed_socket<SocketType::kXSub>;
using Req = typed_socket<SocketType::kReq>;
using Rep = typed_socket<SocketType::kRep>;
using Dealer = typed_socket<SocketType::kDealer>;
using Router = typed_socket<SocketType::kRouter>;
using Push = typed_socket<SocketType::kPush>;
using Pull = typed_socket<SocketType::kPull>;
using Client = typed_socket<SocketType::kClient>;
using Server = typed_socket<SocketType::kServer>;
using Radio = typed_socket<SocketType::kRadio>;
using Dish = typed_socket<SocketType::kDish>;
using Scatter = typed_socket<SocketType::kScatter>;
using Gather = typed_socket<SocketType::kGather>;
using Peer = typed_socket<SocketType::kPeer>;
using Channel = typed_socket<SocketType::kChannel>;
using Stream = typed_socket<SocketType::kStream>;

}  // namespace monocoque::asio

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKETS_H_
