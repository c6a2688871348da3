#include "adapters/net/socks5.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "alloc/secret.h"

namespace monocoque::net {
namespace {

constexpr std::uint8_t kVersion = 5;
constexpr std::uint8_t kLoginVersion = 1;
constexpr std::uint8_t kConnect = 1;

constexpr std::uint8_t kNoLogin = 0;
constexpr std::uint8_t kByName = 2;
constexpr std::uint8_t kNoneSuits = 0xff;

constexpr std::uint8_t kIpv4 = 1;
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kIpv6 = 4;

void Add(std::string* to, std::uint8_t octet) { to->push_back(static_cast<char>(octet)); }

// Behind its size, which has one octet.
void AddCounted(std::string* to, std::string_view text) {
  Add(to, static_cast<std::uint8_t>(text.size()));
  to->append(text);
}

void AddHost(std::string* to, const std::string& host) {
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    Add(to, kIpv4);
    to->append(reinterpret_cast<const char*>(&v4), sizeof(v4));
  } else if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    Add(to, kIpv6);
    to->append(reinterpret_cast<const char*>(&v6), sizeof(v6));
  } else {
    Add(to, kName);
    AddCounted(to, host);
  }
}

absl::Status Refusal(std::uint8_t code) {
  switch (code) {
    case 1:
      return absl::UnavailableError("the proxy failed, and does not say how");
    case 2:
      return absl::PermissionDeniedError("the proxy's rules forbid that connection");
    case 3:
      return absl::UnavailableError("the proxy cannot reach that network");
    case 4:
      return absl::UnavailableError("the proxy cannot reach that host, or does not know its name");
    case 5:
      return absl::UnavailableError("connection refused, the proxy says; nobody listens there");
    case 6:
      return absl::UnavailableError("the proxy's packets there were on the way for too long");
    case 7:
      return absl::UnimplementedError("the proxy does not connect to others at all");
    case 8:
      return absl::UnimplementedError("the proxy does not know that kind of address");
    default:
      return absl::UnavailableError(
          absl::StrCat("the proxy refused for a reason of its own, ", int{code}));
  }
}

absl::Status NoProxy(std::string_view what, int got) {
  return absl::InvalidArgumentError(
      absl::StrCat("what is there does not speak SOCKS5: its ", what, " is ", got));
}

}  // namespace

Socks5::Socks5(std::string_view host, std::uint16_t port, std::string_view username,
               std::string_view password) {
  if (!username.empty()) {
    // Room for all of it at once, and not within the string itself: no copy is left behind.
    login_.reserve(64 + username.size() + password.size());
    Add(&login_, kLoginVersion);
    AddCounted(&login_, username);
    AddCounted(&login_, password);
  }
  for (const std::uint8_t octet : {kVersion, kConnect, std::uint8_t{0}}) Add(&connect_, octet);
  AddHost(&connect_, std::string(host));
  Add(&connect_, static_cast<std::uint8_t>(port >> 8));
  Add(&connect_, static_cast<std::uint8_t>(port & 0xff));
  std::string hello;
  for (const std::uint8_t octet : {kVersion, std::uint8_t{1}, kNoLogin}) Add(&hello, octet);
  if (!login_.empty()) {
    hello[1] = 2;
    Add(&hello, kByName);
  }
  Say(State::kMethod, 2, &hello);
}

Socks5::~Socks5() {
  Wipe(&login_);
  Wipe(&output_);
}

// Nothing of `what` is left.
void Socks5::Say(State awaits, std::size_t octets, std::string* what) {
  Wipe(&output_);
  std::swap(output_, *what);
  sent_ = 0;
  Await(awaits, octets);
}

void Socks5::Await(State state, std::size_t octets) {
  state_ = state;
  have_ = 0;
  needed_ = octets;
}

void Socks5::Sent(std::size_t octets) {
  sent_ += std::min(octets, output_.size() - sent_);
  if (sent_ < output_.size()) return;
  Wipe(&output_);
  sent_ = 0;
}

std::size_t Socks5::Receive(Bytes octets) {
  std::size_t taken = 0;
  while (wanted() > 0 && taken < octets.size()) {
    const std::size_t count = std::min(wanted(), octets.size() - taken);
    std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(taken), count,
                answer_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += count;
    taken += count;
    if (have_ == needed_) OnAnswer();
  }
  return taken;
}

void Socks5::OnAnswer() {
  const std::uint8_t first = answer_[0];
  const std::uint8_t second = answer_[1];
  switch (state_) {
    case State::kMethod:
      if (first != kVersion) {
        status_ = NoProxy("version", first);
      } else {
        OnMethod(second);
      }
      return;
    case State::kLogin:
      if (second == 0) {
        Say(State::kReply, 2, &connect_);
      } else {
        status_ = absl::PermissionDeniedError("the proxy does not accept that name and password");
      }
      return;
    case State::kReply:
      if (first != kVersion) {
        status_ = NoProxy("version", first);
      } else if (second != 0) {
        status_ = Refusal(second);
      } else {
        Await(State::kAddress, 3);
      }
      return;
    case State::kAddress:
      OnAddress(second, answer_[2]);
      return;
    case State::kRest:
      done_ = true;
      return;
  }
}

void Socks5::OnMethod(std::uint8_t method) {
  if (method == kNoLogin) {
    Say(State::kReply, 2, &connect_);
  } else if (method == kByName && !login_.empty()) {
    Say(State::kLogin, 2, &login_);
  } else if (method == kNoneSuits || method == kByName) {
    status_ = absl::PermissionDeniedError(
        login_.empty() ? "the proxy wants to know who asks; give socks_username and socks_password"
                       : "the proxy wants neither nobody nor a name and password");
  } else {
    status_ = NoProxy("method", method);
  }
}

// Where the proxy connects from: read, and of no use. Its first octet is here already.
void Socks5::OnAddress(std::uint8_t type, std::uint8_t first) {
  constexpr std::size_t kPort = 2;
  if (type == kIpv4) {
    Await(State::kRest, sizeof(in_addr) - 1 + kPort);
  } else if (type == kIpv6) {
    Await(State::kRest, sizeof(in6_addr) - 1 + kPort);
  } else if (type == kName) {
    Await(State::kRest, first + kPort);
  } else {
    status_ = NoProxy("kind of address", type);
  }
}

}  // namespace monocoque::net
