#include "tests/support/cutting_relay.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace monocoque::testing {

CuttingRelay::CuttingRelay(std::string_view target)
    : target_(target), listener_("tcp://127.0.0.1:0") {}

CuttingRelay::~CuttingRelay() { Close(); }

void CuttingRelay::CutAfter(From from, std::size_t octets) {
  Way& way = from == From::kDialer ? there_ : back_;
  way.limited = true;
  way.left = octets;
}

void CuttingRelay::Accept() {
  const int dialer = listener_.TryAccept();
  if (dialer < 0) return;
  const int target = ConnectRaw(target_);
  there_ = {.from = dialer, .to = target, .pending = {}};
  back_ = {.from = target, .to = dialer, .pending = {}};
  if (target < 0) Close();
}

bool CuttingRelay::Pass(Way* way) {
  std::array<char, 65536> octets;
  const std::size_t room = way->limited ? std::min(octets.size(), way->left) : octets.size();
  if (way->pending.empty() && room > 0) {
    const ssize_t got = recv(way->from, octets.data(), room, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (got > 0) way->pending.assign(octets.data(), static_cast<std::size_t>(got));
    if (got > 0 && way->limited) way->left -= static_cast<std::size_t>(got);
  }
  if (!way->pending.empty()) {
    const ssize_t wrote =
        send(way->to, way->pending.data(), way->pending.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (wrote > 0) way->pending.erase(0, static_cast<std::size_t>(wrote));
  }
  if (!way->limited || way->left > 0 || !way->pending.empty()) return true;
  ++cuts_;
  return false;
}

void CuttingRelay::Turn() {
  if (there_.from < 0) Accept();
  if (there_.from >= 0 && !(Pass(&there_) && Pass(&back_))) Close();
}

void CuttingRelay::Close() {
  for (const int fd : {there_.from, there_.to}) {
    if (fd >= 0) close(fd);
  }
  there_ = Way();
  back_ = Way();
}

}  // namespace monocoque::testing
