#include "tests/support/raw_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "protocol/drive/endpoint.h"
#include "tests/support/pair.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(40);

// A socket for the endpoint's family, and its address.
int SocketFor(std::string_view endpoint, net::Address* address) {
  const absl::StatusOr<Endpoint> parsed = ParseEndpoint(endpoint);
  if (!parsed.ok()) return -1;
  const absl::StatusOr<std::vector<net::Address>> addresses = net::NumericAddresses(*parsed);
  if (!addresses.ok() || addresses->empty()) return -1;
  *address = addresses->front();
  return socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
}

}  // namespace

void Breathe() { poll(nullptr, 0, 1); }

int ConnectRaw(std::string_view endpoint) {
  net::Address address;
  const int fd = SocketFor(endpoint, &address);
  if (fd < 0 || connect(fd, address.get(), address.size) == 0) return fd;
  close(fd);
  return -1;
}

RawPeer::RawPeer(Turn turn, std::string_view endpoint)
    : turn_(std::move(turn)), fd_(ConnectRaw(endpoint)) {}

void RawPeer::HandshakeAs(std::string_view socket_type) {
  Write(PeerGreeting() + PeerReady(socket_type));
}

bool RawPeer::Write(std::string_view octets) {
  const absl::Time deadline = absl::Now() + kSoon;
  while (!octets.empty() && absl::Now() < deadline) {
    const ssize_t wrote = send(fd_, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) break;
    if (wrote > 0) octets.remove_prefix(static_cast<std::size_t>(wrote));
    turn_();
  }
  return octets.empty();
}

std::size_t RawPeer::Offer(std::string_view octets) {
  const ssize_t wrote = send(fd_, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  turn_();
  return wrote > 0 ? static_cast<std::size_t>(wrote) : 0;
}

std::string RawPeer::TakePiece(std::size_t most) {
  std::string piece(most, '\0');
  const ssize_t got = recv(fd_, piece.data(), most, MSG_DONTWAIT);
  piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  turn_();
  return piece;
}

std::string RawPeer::Take() {
  bool looked = false;
  Read([&looked] { return std::exchange(looked, true); });
  return std::exchange(heard_, {});
}

bool RawPeer::Read(const std::function<bool()>& enough) {
  const absl::Time deadline = absl::Now() + kSoon;
  while (!enough() && !over_ && absl::Now() < deadline) {
    std::array<char, 65536> chunk;
    const ssize_t got = recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got > 0) heard_.append(chunk.data(), static_cast<std::size_t>(got));
    // A reset is an end too.
    over_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    turn_();
  }
  return enough();
}

const std::string& RawPeer::ReadUntil(std::string_view text) {
  Read([&] { return absl::StrContains(heard_, text); });
  return heard_;
}

bool RawPeer::ReadToEnd() {
  return Read([this] { return over_; });
}

void RawPeer::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void RawPeer::EndReading() { shutdown(fd_, SHUT_RD); }

void RawPeer::EndWriting() { shutdown(fd_, SHUT_WR); }

void RawPeer::Reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

RawListener::RawListener(std::string_view endpoint) {
  net::Address address;
  fd_ = SocketFor(endpoint, &address);
  if (fd_ < 0) return;
  const int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  if (bind(fd_, address.get(), address.size) != 0 || listen(fd_, 16) != 0) {
    close(std::exchange(fd_, -1));
  } else if (address.family() == AF_UNIX) {
    path_ = ParseEndpoint(endpoint)->path;
  }
}

RawListener::~RawListener() {
  if (fd_ >= 0) close(fd_);
  if (!path_.empty()) unlink(path_.c_str());
}

int RawListener::Accept(const RawPeer::Turn& turn) const {
  const absl::Time deadline = absl::Now() + kSoon;
  int fd = -1;
  while (fd < 0 && absl::Now() < deadline) {
    fd = TryAccept();
    turn();
  }
  return fd;
}

int RawListener::TryAccept() const { return accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

std::string RawListener::endpoint() const { return net::LocalEndpoint(fd_).ToString(); }

}  // namespace monocoque::testing
