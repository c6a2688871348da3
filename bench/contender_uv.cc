// libuv: the adapter, and an echo written by hand on the same runtime.
#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adapters/uv/socket.h"
#include "bench/contender.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::bench {
namespace {

using uv::Socket;

void Check(const absl::Status& status) {
  if (!status.ok()) Die(std::string(status.message()));
}

// libuv's own results.
void Check(int result) {
  if (result < 0) Die(std::string("libuv: ") + uv_strerror(result));
}

// The thread's own; it stays until the process ends.
uv_loop_t* Loop() {
  thread_local uv_loop_t* const loop = [] {
    auto* const made = new uv_loop_t;
    Check(uv_loop_init(made));
    return made;
  }();
  return loop;
}

std::string BoundTo(Socket* socket, const Setting& setting) {
  const auto bound = socket->Bind(BindEndpoint(setting));
  Check(bound.status());
  return *bound;
}

double Consume(const Setting& setting, const Announce& announce) {
  uv_loop_t* loop = Loop();
  Socket pull(loop, SocketType::kPull);
  std::size_t count = 0;
  pull.OnMessage([&](const Message&) { ++count; });
  announce(BoundTo(&pull, setting));
  return CountFor(setting, [&] {
    const std::size_t before = count;
    uv_run(loop, UV_RUN_ONCE);
    return count - before;
  });
}

void Produce(const Setting& setting, const std::string& endpoint) {
  uv_loop_t* loop = Loop();
  Socket push(loop, SocketType::kPush);
  Check(push.Connect(endpoint));
  const std::string payload(setting.payload_bytes, 'x');
  for (;;) {
    absl::Status sent;
    while ((sent = push.Send(payload)).ok()) {
    }
    if (!absl::IsUnavailable(sent)) Check(sent);
    uv_run(loop, UV_RUN_ONCE);
  }
}

void Echo(const Setting& setting, const Announce& announce) {
  Socket rep(Loop(), SocketType::kRep);
  rep.OnMessage([&](Message request) { Check(rep.Send(&request)); });
  announce(BoundTo(&rep, setting));
  uv_run(Loop(), UV_RUN_DEFAULT);
}

std::vector<std::int64_t> Trips(const Setting& setting, const std::string& endpoint) {
  uv_loop_t* loop = Loop();
  Socket req(loop, SocketType::kReq);
  Check(req.Connect(endpoint));
  const std::string payload(setting.payload_bytes, 'x');
  bool back = false;
  req.OnMessage([&](const Message&) { back = true; });
  return TimeTrips(setting, [&] {
    back = false;
    Check(req.Send(payload));
    while (!back) uv_run(loop, UV_RUN_ONCE);
  });
}

// A stream written by hand: what comes is echoed, or counted.
class RawStream {
 public:
  RawStream(int fd, bool echo) : echo_(echo) {
    Check(uv_pipe_init(Loop(), &pipe_, 0));
    // As libuv sees it a stream is a stream.
    Check(uv_pipe_open(&pipe_, fd));
    pipe_.data = this;
    Check(uv_read_start(
        get(),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* out) {
          auto& room = static_cast<RawStream*>(handle->data)->room_;
          *out = uv_buf_init(room.data(), static_cast<unsigned>(room.size()));
        },
        [](uv_stream_t* stream, ssize_t count, const uv_buf_t*) {
          if (count < 0) Die("the peer is gone");
          static_cast<RawStream*>(stream->data)->OnRead(static_cast<std::size_t>(count));
        }));
  }

  std::size_t got() const { return got_; }
  void Write(char* octets, std::size_t count) {
    const uv_buf_t buffer = uv_buf_init(octets, static_cast<unsigned>(count));
    if (uv_try_write(get(), &buffer, 1) != static_cast<int>(count)) Die("the kernel takes no more");
  }

 private:
  uv_stream_t* get() { return reinterpret_cast<uv_stream_t*>(&pipe_); }
  void OnRead(std::size_t count) {
    got_ += count;
    if (echo_) Write(room_.data(), count);
  }

  const bool echo_;
  uv_pipe_t pipe_{};
  std::size_t got_ = 0;
  std::array<char, 65536> room_{};
};

void RawEcho(const Setting& setting, const Announce& announce) {
  const RawStream stream(AcceptStream(setting, announce), /*echo=*/true);
  uv_run(Loop(), UV_RUN_DEFAULT);
}

std::vector<std::int64_t> RawTrips(const Setting& setting, const std::string& endpoint) {
  RawStream stream(ConnectStream(setting, endpoint), /*echo=*/false);
  std::string payload(setting.payload_bytes, 'x');
  return TimeTrips(setting, [&] {
    const std::size_t enough = stream.got() + payload.size();
    stream.Write(payload.data(), payload.size());
    while (stream.got() < enough) uv_run(Loop(), UV_RUN_ONCE);
  });
}

}  // namespace

Contender Uv() { return {"uv", Consume, Produce, Echo, Trips}; }
Contender RawUv() { return {"raw uv", nullptr, nullptr, RawEcho, RawTrips}; }

}  // namespace monocoque::bench
