// The two ceilings: what the kernel allows when nothing is done with the octets, and when they are
// only framed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "alloc/bytes.h"
#include "bench/contender.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/message.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kWriteBytes = 512 * 1024;
constexpr std::size_t kReadBytes = 256 * 1024;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// "tcp://127.0.0.1:PORT", "*" for the port, or "ipc://@NAME".
Address AddressOf(const std::string& endpoint) {
  Address address;
  if (endpoint.starts_with("ipc://@")) {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    const std::string name = endpoint.substr(7);
    std::memcpy(un.sun_path + 1, name.data(), name.size());
    std::memcpy(&address.storage, &un, sizeof(un));
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    return address;
  }
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string_view port = std::string_view(endpoint).substr(endpoint.rfind(':') + 1);
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  in.sin_port = htons(number);
  std::memcpy(&address.storage, &in, sizeof(in));
  address.size = sizeof(in);
  return address;
}

void Tune(int fd, const Setting& setting) {
  const int one = 1;
  if (setting.transport == "tcp") setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void SendAll(int fd, Bytes octets) {
  while (!octets.empty()) {
    const ssize_t sent = send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) Die("cannot send");
    octets = octets.subspan(static_cast<std::size_t>(sent));
  }
}

std::size_t ReceiveSome(int fd, MutableBytes room) {
  const ssize_t got = recv(fd, room.data(), room.size(), 0);
  if (got <= 0) Die("the sender is gone");
  return static_cast<std::size_t>(got);
}

double ConsumeBytes(const Setting& setting, const Announce& announce) {
  const int fd = AcceptStream(setting, announce);
  std::vector<std::uint8_t> room(kReadBytes);
  std::size_t rest = 0;
  return CountFor(setting, [&] {
    rest += ReceiveSome(fd, room);
    const std::size_t messages = rest / setting.payload_bytes;
    rest -= messages * setting.payload_bytes;
    return messages;
  });
}

void ProduceBytes(const Setting& setting, const std::string& endpoint) {
  const int fd = ConnectStream(setting, endpoint);
  const std::vector<std::uint8_t> octets(kWriteBytes, 'x');
  for (;;) SendAll(fd, octets);
}

void ProduceFrames(const Setting& setting, const std::string& endpoint) {
  const int fd = ConnectStream(setting, endpoint);
  std::vector<std::uint8_t> octets(kWriteBytes + setting.payload_bytes + frame::kLongHeaderBytes);
  const std::vector<std::uint8_t> payload(setting.payload_bytes, 'x');
  for (std::size_t at = 0;;) {
    at += EncodeFrameHeader(0, payload.size(), MutableBytes(octets).subspan(at));
    std::memcpy(octets.data() + at, payload.data(), payload.size());
    at += payload.size();
    if (at < kWriteBytes) continue;
    SendAll(fd, Bytes(octets).first(at));
    at = 0;
  }
}

// Reads large, walks the frames; small payloads are copied into message objects.
double ConsumeFrames(const Setting& setting, const Announce& announce) {
  const int fd = AcceptStream(setting, announce);
  std::vector<std::uint8_t> room(kReadBytes + setting.payload_bytes + Message::kInlineBytes);
  std::size_t held = 0;
  Message message;
  return CountFor(setting, [&] {
    held += ReceiveSome(fd, MutableBytes(room).subspan(held, room.size() - held));
    const Bytes octets = Bytes(room).first(held);
    std::size_t at = 0, messages = 0;
    FrameHeader header;
    while (ParseFrameHeader(octets.subspan(at), &header) == FrameParse::kOk &&
           octets.size() - at >= header.header_bytes + header.body_bytes) {
      const auto size = static_cast<std::size_t>(header.body_bytes);
      if (size <= Message::kInlineBytes) {
        const std::size_t body = at + header.header_bytes;
        message.SetInlineBody(room.data() + body, size, room.size() - body);
      }
      at += header.header_bytes + size;
      ++messages;
    }
    std::memmove(room.data(), room.data() + at, held - at);
    held -= at;
    return messages;
  });
}

void Answer(const Setting& setting, const Announce& announce) {
  const int fd = AcceptStream(setting, announce);
  std::vector<std::uint8_t> room(kReadBytes);
  for (;;) SendAll(fd, Bytes(room).first(ReceiveSome(fd, room)));
}

std::vector<std::int64_t> Ask(const Setting& setting, const std::string& endpoint) {
  const int fd = ConnectStream(setting, endpoint);
  std::vector<std::uint8_t> octets(setting.payload_bytes, 'x');
  return TimeTrips(setting, [&] {
    SendAll(fd, octets);
    for (std::size_t got = 0; got < octets.size();) {
      got += ReceiveSome(fd, MutableBytes(octets).subspan(got));
    }
  });
}

}  // namespace

int AcceptStream(const Setting& setting, const Announce& announce) {
  std::string endpoint = BindEndpoint(setting);
  Address address = AddressOf(endpoint);
  const int listener = socket(address.storage.ss_family, SOCK_STREAM, 0);
  if (bind(listener, address.get(), address.size) < 0 || listen(listener, 1) < 0)
    Die("cannot bind");
  if (setting.transport == "tcp") {
    sockaddr_in in{};
    socklen_t size = sizeof(in);
    getsockname(listener, reinterpret_cast<sockaddr*>(&in), &size);
    endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(in.sin_port));
  }
  announce(endpoint);
  const int fd = accept(listener, nullptr, nullptr);
  Tune(fd, setting);
  return fd;
}

int ConnectStream(const Setting& setting, const std::string& endpoint) {
  Address address = AddressOf(endpoint);
  const int fd = socket(address.storage.ss_family, SOCK_STREAM, 0);
  if (connect(fd, address.get(), address.size) < 0) Die("cannot connect");
  Tune(fd, setting);
  return fd;
}

Contender PlainBytes() { return {"plain bytes", ConsumeBytes, ProduceBytes, Answer, Ask}; }
Contender FramedPipe() { return {"framed pipe", ConsumeFrames, ProduceFrames, nullptr, nullptr}; }

}  // namespace monocoque::bench
