#ifndef MONOCOQUE_BENCH_CONTENDER_H_
#define MONOCOQUE_BENCH_CONTENDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "protocol/mechanism/curve_keys.h"

namespace monocoque::bench {

// Of CURVE, made before the processes part.
struct CurveKeys {
  CurveKeyPair server;
  CurveKeyPair client;
};

struct Setting {
  std::string transport = "tcp";  // tcp, ipc; inproc: both sides are threads of one process
  std::size_t payload_bytes = 64;
  double seconds = 2;  // how long a consumer counts, after a tenth of that to warm up
  std::size_t round_trips = 20000;
  std::size_t subscribers = 1;
  std::shared_ptr<const CurveKeys> curve;  // null: no security. For streams alone
};

// Tells the other process where to connect.
using Announce = std::function<void(const std::string& endpoint)>;

// One way to move messages over loopback between two processes: a library, or a bare program that
// shows what the kernel allows. Each function is the whole life of one process, or, over inproc, of
// one thread.
struct Contender {
  const char* name;
  // Binds, announces, counts: messages a second.
  double (*consume)(const Setting&, const Announce&);
  // Connects and sends until killed.
  void (*produce)(const Setting&, const std::string& endpoint);
  // Binds, announces, echoes until killed. Null, with `ask`: it makes no round trips.
  void (*answer)(const Setting&, const Announce&);
  // Connects; nanoseconds of each round trip.
  std::vector<std::int64_t> (*ask)(const Setting&, const std::string& endpoint);
};

Contender Uring();        // the library on io_uring, as it comes
Contender UringNoSpin();  // with the adaptive spin off
Contender Uv();           // on libuv
Contender Asio();         // on Boost.Asio, with coroutines
Contender Libzmq();       // the rival
// Echoes of octets, written by hand on each runtime: what a round trip there costs by itself.
Contender RawUring();
Contender RawUv();
Contender RawAsio();
// Messages that change hands under a lock, within a process: no socket at all. No round trips.
Contender BareMessages();    // each large body in a block of its own
Contender PackedMessages();  // in slabs, as a library would have it
Contender PlainBytes();      // send and receive of octets, nothing else
Contender
FramedPipe();  // frames encoded into one buffer, walked, small payloads copied into objects

// One publisher and, in another process, several subscribers of everything.
struct Broadcaster {
  const char* name;
  // Binds, announces, publishes until killed.
  void (*publish)(const Setting&, const Announce&);
  // Connects so many subscribers: messages a second, all together.
  double (*subscribe)(const Setting&, const std::string& endpoint);
};

Broadcaster UringPublisher();
Broadcaster LibzmqPublisher();

// Nanoseconds of a steady clock.
std::int64_t NowNanos();
// Counts what `receive` says it received, for the setting's time.
double CountFor(const Setting& setting, const std::function<std::size_t()>& receive);
// Calls `trip` so often and times each.
std::vector<std::int64_t> TimeTrips(const Setting& setting, const std::function<void()>& trip);
// The descriptor of one plain stream: accepted at BindEndpoint, which is announced, or connected.
int AcceptStream(const Setting& setting, const Announce& announce);
int ConnectStream(const Setting& setting, const std::string& endpoint);
// An endpoint to bind: a port or a name of the system's choosing.
std::string BindEndpoint(const Setting& setting);
// Ends the process with a sentence.
[[noreturn]] void Die(const std::string& why);

}  // namespace monocoque::bench

#endif  // MONOCOQUE_BENCH_CONTENDER_H_
