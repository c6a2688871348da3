#ifndef MONOCOQUE_PROTOCOL_DRIVE_TRANSPORT_OPTIONS_H_
#define MONOCOQUE_PROTOCOL_DRIVE_TRANSPORT_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace monocoque {

// What the transport under a link is to be like. A machine hands it on, with each Dial and Listen,
// to whoever opens transports, and reads none of it; inproc:// has no use for it.
//
// What the system does not take is an error of Bind; of Connect, it is the reason in kDialFailed;
// of an accepted transport, in kAcceptFailed. It names the option and the value.
struct TransportOptions {
  // tcp: ask a silent peer's system whether it is still there (libzmq: TCP_KEEPALIVE). Nothing: as
  // the system is set up. The next three need true.
  std::optional<bool> keepalive;
  // Silence before the first question, and between further ones: 1 s to 32,767 s, rounded up to
  // seconds; zero: as the system is set up (libzmq: TCP_KEEPALIVE_IDLE, TCP_KEEPALIVE_INTVL).
  absl::Duration keepalive_idle;
  absl::Duration keepalive_interval;
  // Questions without an answer before the link ends: 1 to 127; 0: as the system is set up (libzmq:
  // TCP_KEEPALIVE_CNT).
  int keepalive_count = 0;
  // tcp: how long what was sent may stay unacknowledged before the link ends, rounded up to
  // milliseconds. Zero: as the system is set up (libzmq: TCP_MAXRT).
  absl::Duration max_retransmit_time;
  // tcp: the octet in each packet's header by which networks tell services apart, 0 to 255 (libzmq:
  // TOS).
  int type_of_service = 0;
  // tcp: the queue that packets leave by, 0 to 6, beyond that with a privilege (libzmq: PRIORITY).
  int priority = 0;
  // Octets of the kernel's buffers; it doubles what it is asked for, and has a maximum of its own.
  // 0: tcp's grow by themselves, ipc's are asked to be 1 MiB (libzmq: SNDBUF, RCVBUF).
  int send_buffer_bytes = 0;
  int receive_buffer_bytes = 0;
  // tcp: how long a read that finds nothing looks at the network's device itself, in microseconds;
  // needs a privilege. 0: as the system is set up (libzmq: BUSY_POLL).
  int busy_poll = 0;
  // tcp: the network device that all packets go through, "eth0". Empty: any (libzmq: BINDTODEVICE).
  std::string device;
  // Bind: connections that wait to be accepted; the system may have a lower limit (libzmq: BACKLOG,
  // 100 there). Beyond it a dialer's call goes unanswered for a second, and then for longer and
  // longer: thousands that come at once, back after a restart, say, would need a minute.
  int backlog = 4096;
  // tcp: false: IPv4 alone. True: `*` listens on both, and an interface's name means its IPv6
  // address if it has one. Nothing: both, wherever a name or an address leads, and `*` is IPv4's
  // (libzmq: IPV6, where nothing is as false).
  std::optional<bool> ipv6;
  // Connect: how long each address is given, a proxy's conversation included. Zero: as long as the
  // system, and LinkOptions::handshake_timeout, which counts for the whole attempt (libzmq:
  // CONNECT_TIMEOUT).
  absl::Duration connect_timeout;
  // Connect, tcp: a SOCKS5 proxy, "host:port", that connects for us; names are looked up there.
  // Empty: none (libzmq: SOCKS_PROXY).
  std::string socks_proxy;
  // For a proxy that asks: 1 to 255 octets each, sent in clear (libzmq: SOCKS_USERNAME,
  // SOCKS_PASSWORD).
  std::string socks_username;
  std::string socks_password;
  // Bind, tcp: who may connect, "10.0.0.0/8" or an address; empty: anybody (libzmq:
  // TCP_ACCEPT_FILTER). Others are closed before an octet is read, and kAcceptFailed tells of them,
  // as of those below.
  std::vector<std::string> tcp_accept_filters;
  // Bind, ipc: who may connect: whose process has one of these users, groups (its other groups
  // count too) or is one of these processes. All empty: anybody (libzmq: IPC_FILTER_UID,
  // IPC_FILTER_GID, IPC_FILTER_PID).
  std::vector<std::uint32_t> ipc_filter_uids;
  std::vector<std::uint32_t> ipc_filter_gids;
  std::vector<std::int32_t> ipc_filter_pids;
  // A stream socket of the system's that is there already; -1: none (libzmq: USE_FD). Bind: it
  // listens. Connect: it is connected, and the first link's; later ones dial the endpoint. It is
  // duplicated, so yours stays yours, but it is non-blocking from then on.
  int descriptor = -1;
};

// Refuses, with a sentence, what no system takes.
absl::Status CheckTransportOptions(const TransportOptions& options);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_TRANSPORT_OPTIONS_H_
