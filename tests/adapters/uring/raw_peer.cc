#include "tests/adapters/uring/raw_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "adapters/net/address.h"
#include "protocol/drive/endpoint.h"
#include "tests/support/pair.h"

namespace monocoque::uring {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

}  // namespace

RawPeer::RawPeer(Loop* loop, std::string_view endpoint) : loop_(*loop) {
  const auto addresses = net::NumericAddresses(*ParseEndpoint(endpoint));
  if (!addresses.ok() || addresses->empty()) return;
  const net::Address& address = addresses->front();
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  if (connect(fd, address.get(), address.size) == 0) {
    fd_ = fd;
  } else {
    close(fd);
  }
}

void RawPeer::HandshakeAs(std::string_view socket_type) {
  Write(monocoque::testing::PeerGreeting() + monocoque::testing::PeerReady(socket_type));
}

bool RawPeer::Write(std::string_view octets) {
  const absl::Time deadline = absl::Now() + kSoon;
  while (!octets.empty() && absl::Now() < deadline) {
    const ssize_t wrote = send(fd_, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote > 0) octets.remove_prefix(static_cast<std::size_t>(wrote));
    loop_.RunOnce(wrote > 0 ? absl::ZeroDuration() : absl::Milliseconds(1));
  }
  return octets.empty();
}

const std::string& RawPeer::ReadUntil(std::string_view text) {
  const absl::Time deadline = absl::Now() + kSoon;
  while (!absl::StrContains(heard_, text) && absl::Now() < deadline) {
    std::array<char, 65536> chunk;
    const ssize_t got = recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got == 0) break;
    if (got > 0) heard_.append(chunk.data(), static_cast<std::size_t>(got));
    loop_.RunOnce(got > 0 ? absl::ZeroDuration() : absl::Milliseconds(1));
  }
  return heard_;
}

void RawPeer::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void RawPeer::Reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

}  // namespace monocoque::uring
