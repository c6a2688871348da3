#ifndef MONOCOQUE_TESTS_SUPPORT_ZMQ_PEER_H_
#define MONOCOQUE_TESTS_SUPPORT_ZMQ_PEER_H_

#include <zmq.h>

#include <functional>
#include <string>
#include <vector>

namespace monocoque::testing {

// Until it holds, while libzmq's threads work and nobody of ours has to turn; false: not soon.
[[nodiscard]] bool Until(const std::function<bool()>& holds);

// A socket of libzmq, the peer to talk with. Calls do not block: drive the other side meanwhile.
class ZmqPeer {
 public:
  explicit ZmqPeer(int type);
  ~ZmqPeer();
  ZmqPeer(const ZmqPeer&) = delete;
  ZmqPeer& operator=(const ZmqPeer&) = delete;

  void Set(int option, const std::string& value);
  void Set(int option, int value);
  // The bound endpoint.
  std::string Bind(const std::string& endpoint);
  void Connect(const std::string& endpoint);
  // As its linger time says; the rest of this goes by itself, and when the peer is destroyed is
  // waited for.
  void Close();
  void* socket() { return socket_; }
  void* context() { return context_; }
  // False: it would block now.
  bool Send(const std::vector<std::string>& parts);
  bool Receive(std::vector<std::string>* parts);
  // ZMQ_EVENTS. Asking also lets the socket take up connections it accepted.
  int events();

 private:
  void* context_;
  void* socket_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_ZMQ_PEER_H_
