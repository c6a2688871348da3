// What one write costs in the kernel, by the ways io_uring has to ask for it: what
// docs/adr/0005 rests on. No part of the library; the median of many blocks, taken in turn.
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/process.h"
#include "bench/tcp_pair.h"

namespace monocoque::bench {
namespace {

constexpr unsigned kReportUsage = 1u << 3;  // IORING_SEND_ZC_REPORT_USAGE
constexpr std::size_t kSlabBytes = 64 * 1024;
// Put into the kernel at one go, while nobody reads.
constexpr std::size_t kQueuedBytes = 2 * 1024 * 1024;

// A tcp connection over loopback. `queueing`: its peer takes little before it is read from, and
// much finds room in front of it.
class Connection {
 public:
  explicit Connection(bool queueing)
      : pair_(MakeTcpPair(
            queueing ? TcpPairOptions{.send_bytes = 16 * 1024 * 1024, .receive_bytes = 4096}
                     : TcpPairOptions())) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    close(pair_.one);
    close(pair_.other);
  }

  int writer() const { return pair_.one; }
  void Discard(std::size_t bytes) {
    std::array<char, 65536> waste;
    while (bytes > 0) {
      const ssize_t got = recv(pair_.other, waste.data(), std::min(bytes, waste.size()), 0);
      if (got <= 0) Die("the connection failed");
      bytes -= static_cast<std::size_t>(got);
    }
  }

 private:
  const TcpPair pair_;
};

class Writer {
 public:
  explicit Writer(int fd, bool registered_ring = false) : fd_(fd) {
    if (io_uring_queue_init(1024, &ring_,
                            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) != 0 ||
        io_uring_register_files(&ring_, &fd_, 1) != 0) {
      Die("no ring");
    }
    if (registered_ring) io_uring_register_ring_fd(&ring_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { io_uring_queue_exit(&ring_); }

  // Writes all of it with one request, as slabs.
  void Write(char* from, std::size_t bytes, bool zero_copy, bool fixed_file) {
    std::vector<iovec> pieces;
    for (std::size_t at = 0; at < bytes; at += kSlabBytes) {
      pieces.push_back({from + at, std::min(kSlabBytes, bytes - at)});
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    const int fd = fixed_file ? 0 : fd_;
    if (zero_copy) {
      io_uring_prep_sendmsg_zc(sqe, fd, &message, MSG_NOSIGNAL);
      sqe->ioprio = kReportUsage;
      ++awaited_;
    } else {
      io_uring_prep_sendmsg(sqe, fd, &message, MSG_NOSIGNAL);
    }
    if (fixed_file) sqe->flags |= IOSQE_FIXED_FILE;
    for (bool done = false; !done;) done = Next() == static_cast<int>(bytes);
  }
  void AwaitNotifications() {
    while (awaited_ > 0) Next();
  }

 private:
  // The next completion's result; of a notification -1.
  int Next() {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_submit_and_wait(&ring_, 1) < 0 || io_uring_peek_cqe(&ring_, &cqe) != 0) {
      Die("no completion");
    }
    const bool notification = (cqe->flags & IORING_CQE_F_NOTIF) != 0;
    const int result = notification ? -1 : cqe->res;
    if (notification) --awaited_;
    io_uring_cqe_seen(&ring_, cqe);
    if (!notification && result < 0) Die("a write failed");
    return result;
  }

  io_uring ring_{};
  const int fd_;
  int awaited_ = 0;
};

// Nanoseconds a write of so many octets takes until the kernel has them, and, without a copy, what
// its notification takes; not what sending them on does.
void CompareCopying(std::size_t bytes) {
  Connection connection(/*queueing=*/true);
  Writer writer(connection.writer());
  std::string memory(2 * kQueuedBytes, 'x');
  std::array<std::vector<double>, 2> nanos;
  for (int round = 0; round < 40; ++round) {
    const bool zero_copy = round % 2 == 1;
    // What the peer's window takes goes first.
    writer.Write(memory.data(), kSlabBytes * 4, false, false);
    std::size_t queued = 0;
    std::int64_t begin = NowNanos();
    for (; queued < kQueuedBytes; queued += bytes) {
      writer.Write(memory.data() + queued, bytes, zero_copy, false);
    }
    std::int64_t spent = NowNanos() - begin;
    connection.Discard(kSlabBytes * 4 + queued);
    begin = NowNanos();
    writer.AwaitNotifications();
    spent += NowNanos() - begin;
    nanos[zero_copy ? 1 : 0].push_back(static_cast<double>(spent) * static_cast<double>(bytes) /
                                       static_cast<double>(queued));
  }
  const double copied = Median(nanos[0]);
  const double without = Median(nanos[1]);
  std::printf("%7zu B  copied %9.2f us  without a copy %9.2f us  ratio %.2f\n", bytes, copied / 1e3,
              without / 1e3, without / copied);
}

// Nanoseconds of a write of 64 octets, to a descriptor as it is or a registered one, on a ring
// whose own descriptor is registered or not.
void CompareDescriptors() {
  Connection connection(/*queueing=*/false);
  std::array<Writer, 2> writers{Writer(connection.writer()), Writer(connection.writer(), true)};
  constexpr std::size_t kWrites = 500;
  std::array<std::vector<double>, 4> nanos;
  std::array<char, 64> octets{};
  for (std::size_t block = 0; block < 1600; ++block) {
    const std::size_t way = (block + block / 4) % 4;
    std::int64_t spent = 0;
    for (std::size_t i = 0; i < kWrites; ++i) {
      const std::int64_t begin = NowNanos();
      writers[way / 2].Write(octets.data(), octets.size(), false, way % 2 == 1);
      spent += NowNanos() - begin;
      connection.Discard(octets.size());
    }
    nanos[way].push_back(static_cast<double>(spent) / static_cast<double>(kWrites));
  }
  const double plain = Median(nanos[0]);
  const std::array<const char*, 4> names = {"as it is", "registered", "as it is, registered ring",
                                            "registered, registered ring"};
  for (std::size_t way = 0; way < names.size(); ++way) {
    const double median = Median(nanos[way]);
    std::printf("descriptor %-28s %6.0f ns  ratio %.3f\n", names[way], median, median / plain);
  }
}

}  // namespace
}  // namespace monocoque::bench

int main() {
  for (std::size_t kib = 2; kib <= 512; kib *= 2) {
    monocoque::bench::CompareCopying(kib * 1024);
  }
  monocoque::bench::CompareDescriptors();
  return 0;
}
