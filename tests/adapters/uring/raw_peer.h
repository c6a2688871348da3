#ifndef MONOCOQUE_TESTS_ADAPTERS_URING_RAW_PEER_H_
#define MONOCOQUE_TESTS_ADAPTERS_URING_RAW_PEER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "adapters/uring/loop.h"

namespace monocoque::uring {

// A peer that is a bare descriptor on the same thread: octets as the test wants them. The loop
// turns while it waits.
class RawPeer {
 public:
  // Connects to a tcp or ipc endpoint.
  RawPeer(Loop* loop, std::string_view endpoint);
  ~RawPeer() { Close(); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool connected() const { return fd_ >= 0; }
  // Greeting and READY, without a look at the other side's.
  void HandshakeAs(std::string_view socket_type);
  // False if not all could be written in time.
  bool Write(std::string_view octets);
  // Reads whatever comes until `text` is in it, or the time is over; all that came so far.
  const std::string& ReadUntil(std::string_view text);
  // The stream ends: an orderly end, or a reset.
  void Close();
  void Reset();

 private:
  Loop& loop_;
  int fd_ = -1;
  std::string heard_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_TESTS_ADAPTERS_URING_RAW_PEER_H_
