#ifndef MONOCOQUE_ADAPTERS_NET_SOCKS5_H_
#define MONOCOQUE_ADAPTERS_NET_SOCKS5_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "alloc/bytes.h"

namespace monocoque::net {

// The client's part of SOCKS5 (RFC 1928), with name and password if the proxy asks for them
// (RFC 1929): octets in, octets out. Names go to the proxy as they are.
//
//     while (!proxy.done()) write proxy.output(), Sent(n); read at most proxy.wanted(),
//     Receive(...)
//
// Memory: less than 800 octets, whatever the proxy sends. After an error nothing is asked for any
// more.
class Socks5 {
 public:
  // What its size, which has one octet, has room for.
  static constexpr std::size_t kMaxHost = 255;

  // `host`: an address or a name, of at most kMaxHost octets, as the other two. An empty user name:
  // none is offered.
  Socks5(std::string_view host, std::uint16_t port, std::string_view username,
         std::string_view password);
  ~Socks5();
  Socks5(const Socks5&) = delete;
  Socks5& operator=(const Socks5&) = delete;

  // What is to be sent now; nothing while an answer is awaited.
  Bytes output() const { return AsBytes(output_).subspan(sent_); }
  void Sent(std::size_t octets);
  // How many octets the answer still lacks: those behind them belong to whom the proxy connects us
  // to.
  std::size_t wanted() const { return status_.ok() && !done_ ? needed_ - have_ : 0; }
  // Takes what is wanted; returns how much it took.
  std::size_t Receive(Bytes octets);

  // The proxy has connected us.
  bool done() const { return done_; }
  // What it refused, or did wrong.
  const absl::Status& status() const { return status_; }

 private:
  // What the octets that come belong to.
  enum class State { kMethod, kLogin, kReply, kAddress, kRest };

  void Say(State awaits, std::size_t octets, std::string* what);
  void Await(State state, std::size_t octets);
  void OnAnswer();
  void OnMethod(std::uint8_t method);
  void OnAddress(std::uint8_t type, std::uint8_t first);

  // What may have to be said, made beforehand.
  std::string login_;
  std::string connect_;
  std::string output_;
  std::size_t sent_ = 0;
  State state_ = State::kMethod;
  std::array<std::uint8_t, 260> answer_{};
  std::size_t have_ = 0;
  std::size_t needed_ = 0;
  bool done_ = false;
  absl::Status status_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_SOCKS5_H_
