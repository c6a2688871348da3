#ifndef MONOCOQUE_PROTOCOL_CONNECTION_HEARTBEAT_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_HEARTBEAT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "protocol/drive/instant.h"

namespace monocoque {

struct HeartbeatOptions {
  // How often a PING goes out. Zero: never (the default, as in libzmq); PINGs of the peer are
  // answered all the same. At least 1 ms otherwise; the next two need it.
  absl::Duration interval = absl::ZeroDuration();
  // How long after a PING any sign of life may take before the link is closed, at least 1 ms. Zero:
  // as the interval.
  absl::Duration timeout = absl::ZeroDuration();
  // What we ask of the peer: to close if nothing comes from us for so long. Rounded down to tenths
  // of a second, at most 65.5 s, because libzmq computes with 16 bits; what is left must be longer
  // than the interval. Zero: ask nothing.
  absl::Duration ttl = absl::ZeroDuration();

  // What goes out of it.
  absl::Duration sent_ttl() const {
    return absl::Trunc(std::min(ttl, absl::Milliseconds(65500)), absl::Milliseconds(100));
  }
};

// The clockwork of PING and PONG (RFC 37, Heartbeating): when to send a PING, when the peer is
// lost. Activity only counts; nothing else happens until a deadline is looked at.
//
// Thread-compatible. Invariant: deadline() is never later than the next thing to do.
class Heartbeat {
 public:
  enum class Due {
    kNothing,
    kPing,     // send a PING now
    kExpired,  // nothing came for too long after our PING
    kTtl,      // nothing came for the time to live that the peer's PING asked for
  };

  // A deadline so far away is one, and none is Instant::Never.
  static constexpr absl::Duration kEver = absl::Hours(24 * 365 * 10);

  explicit Heartbeat(const HeartbeatOptions& options)
      : interval_(options.interval),
        timeout_(std::min(
            options.timeout > absl::ZeroDuration() ? options.timeout : options.interval, kEver)) {}

  // The handshake is over (H-6).
  void Start(Instant now) {
    if (interval_ > absl::ZeroDuration()) next_ping_ = now + interval_;
  }
  // Octets came from the peer, of whatever kind (H-5).
  void OnActivity() { ++activity_; }
  // The PING that Next said was due is the last of so many octets that are still to be written.
  void OnPingSent(std::size_t octets) { unwritten_ = octets; }
  // So many octets were written. Until the PING is among them the peer cannot answer, and has its
  // time anew; one that takes nothing at all does not.
  void OnWritten(std::size_t octets, Instant now) {
    if (unwritten_ == 0 || octets == 0) return;
    unwritten_ -= std::min(unwritten_, octets);
    if (!expiry_.is_never()) expiry_ = now + timeout_;
  }
  // What Next said was due could not be sent: no answer will come.
  void OnPingNotSent() { expiry_ = Instant::Never(); }
  // The peer's PING asks us to close if nothing follows within `ttl`; zero asks nothing (H-3).
  void OnPing(absl::Duration ttl, Instant now) {
    peer_ttl_ = ttl;
    ttl_mark_ = activity_;
    ttl_deadline_ = ttl > absl::ZeroDuration() ? now + ttl : Instant::Never();
  }

  Instant deadline() const { return std::min({next_ping_, expiry_, ttl_deadline_}); }

  // What is due at `now`; call until it says kNothing. While `paused` (we do not read) nobody
  // expires, but PINGs go on.
  Due Next(Instant now, bool paused);

 private:
  absl::Duration interval_;
  absl::Duration timeout_;
  absl::Duration peer_ttl_ = absl::ZeroDuration();
  std::uint64_t activity_ = 0;
  std::uint64_t ping_mark_ = 0;  // activity_ when our last PING went out
  std::uint64_t ttl_mark_ = 0;   // activity_ when the peer's last PING came
  std::size_t unwritten_ = 0;    // octets up to the end of our last PING
  Instant next_ping_ = Instant::Never();
  Instant expiry_ = Instant::Never();
  Instant ttl_deadline_ = Instant::Never();
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_HEARTBEAT_H_
