// An echo written by hand on io_uring, with no spin: what a round trip costs there by itself.
#include <liburing.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/contender.h"

namespace monocoque::bench {
namespace {

// One stream on a ring of its own, one operation at a time.
class RawStream {
 public:
  explicit RawStream(int fd) : fd_(fd) {
    if (io_uring_queue_init(8, &ring_, 0) < 0) Die("no io_uring");
  }
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;
  ~RawStream() { io_uring_queue_exit(&ring_); }

  std::size_t Read(char* room, std::size_t size) {
    io_uring_prep_recv(io_uring_get_sqe(&ring_), fd_, room, size, 0);
    return Wait();
  }
  void Write(const char* octets, std::size_t size) {
    while (size > 0) {
      io_uring_prep_send(io_uring_get_sqe(&ring_), fd_, octets, size, MSG_NOSIGNAL);
      const std::size_t written = Wait();
      octets += written;
      size -= written;
    }
  }

 private:
  std::size_t Wait() {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_submit_and_wait(&ring_, 1) < 0 || io_uring_peek_cqe(&ring_, &cqe) < 0)
      Die("io_uring does not go on");
    const int result = cqe->res;
    io_uring_cqe_seen(&ring_, cqe);
    if (result <= 0) Die("the peer is gone");
    return static_cast<std::size_t>(result);
  }

  const int fd_;
  io_uring ring_{};
};

void Echo(const Setting& setting, const Announce& announce) {
  RawStream stream(AcceptStream(setting, announce));
  for (std::array<char, 65536> room{};;) {
    stream.Write(room.data(), stream.Read(room.data(), room.size()));
  }
}

std::vector<std::int64_t> Trips(const Setting& setting, const std::string& endpoint) {
  RawStream stream(ConnectStream(setting, endpoint));
  std::string payload(setting.payload_bytes, 'x');
  return TimeTrips(setting, [&] {
    stream.Write(payload.data(), payload.size());
    for (std::size_t got = 0; got < payload.size();) {
      got += stream.Read(payload.data(), payload.size());
    }
  });
}

}  // namespace

Contender RawUring() { return {"raw uring", nullptr, nullptr, Echo, Trips}; }

}  // namespace monocoque::bench
