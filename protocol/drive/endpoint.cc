#include "protocol/drive/endpoint.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace monocoque {
namespace {

// Octets of a Unix socket's address, its closing zero left out.
constexpr std::size_t kMaxIpcPath = 107;
// What a name has at most, and what SOCKS5 can send of one.
constexpr std::size_t kMaxHost = 255;
// Octets of an endpoint that an error quotes: enough to recognise it by.
constexpr std::size_t kMaxQuoted = 256;

// The sentence goes to a log or a terminal: nothing of `text` gets there unescaped.
std::string Sentence(std::string_view text, std::string_view why) {
  return absl::StrCat("endpoint \"", absl::CHexEscape(text.substr(0, kMaxQuoted)),
                      text.size() > kMaxQuoted ? "..." : "", "\": ", why);
}

absl::Status Bad(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(Sentence(text, why));
}

// Digits only, 0 to 65535.
bool ParsePort(std::string_view text, std::uint16_t* out) {
  std::uint32_t port = 0;
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (!std::ranges::all_of(text, is_digit) || !absl::SimpleAtoi(text, &port) || port > 65535) {
    return false;
  }
  *out = static_cast<std::uint16_t>(port);
  return true;
}

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  bool any = false;
};

// Syntax alone: what an address, a name or an interface may be made of.
absl::Status CheckHost(std::string_view whole, std::string_view host) {
  if (host.size() > kMaxHost) {
    return Bad(whole, absl::StrCat("a host's name has at most ", kMaxHost, " octets, this one ",
                                   host.size()));
  }
  for (char c : host) {
    const auto u = static_cast<unsigned char>(c);
    if (!absl::ascii_isalnum(u) && c != '.' && c != '-' && c != '_' && c != ':' && c != '%') {
      return Bad(whole, "the host has a character that no address, name or interface has");
    }
  }
  if (host.front() == '-') return Bad(whole, "a host does not begin with a hyphen");
  if (host.back() == ':' && !host.ends_with("::")) {
    return Bad(whole, "write an IPv6 address in brackets, and a port behind it: tcp://[::1]:5555");
  }
  return absl::OkStatus();
}

// The last colon separates the port; brackets around the host go (E-2).
absl::Status ParseHostPort(std::string_view whole, std::string_view text, HostPort* out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Bad(whole, "a port is missing; write tcp://host:port");
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty()) {
    return Bad(whole, "a host is missing; write tcp://host:port, or * to listen on all");
  }
  if (host != "*") {
    if (absl::Status s = CheckHost(whole, host); !s.ok()) return s;
  }
  out->host = std::string(host);
  out->any = port == "*";
  if (!out->any && !ParsePort(port, &out->port)) {
    return Bad(whole, "the port must be a number from 0 to 65535, or *");
  }
  out->any = out->any || out->port == 0;
  return absl::OkStatus();
}

absl::StatusOr<Endpoint> ParseTcp(std::string_view whole, std::string_view address) {
  Endpoint endpoint;
  if (const std::size_t semicolon = address.find(';'); semicolon != std::string_view::npos) {
    HostPort source;
    if (absl::Status s = ParseHostPort(whole, address.substr(0, semicolon), &source); !s.ok())
      return s;
    endpoint.source_host = source.host;
    endpoint.source_port = source.port;
    address = address.substr(semicolon + 1);
  }
  HostPort target;
  if (absl::Status s = ParseHostPort(whole, address, &target); !s.ok()) return s;
  endpoint.host = target.host;
  endpoint.port = target.port;
  endpoint.any_port = target.any;
  return endpoint;
}

absl::StatusOr<Endpoint> ParseIpc(std::string_view whole, std::string_view address) {
  Endpoint endpoint;
  endpoint.transport = Transport::kIpc;
  endpoint.abstract = address.front() == '@';
  endpoint.path = std::string(endpoint.abstract ? address.substr(1) : address);
  endpoint.any_path = address == "*";
  if (endpoint.path.empty()) return Bad(whole, "the name behind @ is missing");
  if (address.size() > kMaxIpcPath) {
    return Bad(whole, absl::StrCat("a Unix socket's path has at most ", kMaxIpcPath,
                                   " octets, this one ", address.size()));
  }
  if (!endpoint.abstract && endpoint.path.find('\0') != std::string::npos) {
    return Bad(whole, "a path has no zero octet");
  }
  return endpoint;
}

std::string Bracketed(std::string_view host) {
  return host.find(':') == std::string_view::npos ? std::string(host)
                                                  : absl::StrCat("[", host, "]");
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos || mark == 0) {
    return Bad(text, "write transport://address, tcp://127.0.0.1:5555 say");
  }
  const std::string_view transport = text.substr(0, mark);
  const std::string_view address = text.substr(mark + 3);
  if (address.empty()) return Bad(text, "the address is missing");
  if (transport == "tcp") return ParseTcp(text, address);
  if (transport == "ipc") return ParseIpc(text, address);
  if (transport == "inproc" || transport == "sim") {
    Endpoint endpoint;
    endpoint.transport = transport == "sim" ? Transport::kSim : Transport::kInproc;
    endpoint.path = std::string(address);
    return endpoint;
  }
  return absl::UnimplementedError(
      Sentence(text, "no such transport here; there are tcp, ipc and inproc"));
}

std::string Endpoint::ToString() const {
  switch (transport) {
    case Transport::kTcp: {
      const std::string target =
          absl::StrCat(Bracketed(host), ":", any_port ? "*" : absl::StrCat(port));
      if (source_host.empty()) return absl::StrCat("tcp://", target);
      return absl::StrCat("tcp://", Bracketed(source_host), ":", source_port, ";", target);
    }
    case Transport::kIpc:
      return absl::StrCat("ipc://", abstract ? "@" : "", path);
    case Transport::kInproc:
      return absl::StrCat("inproc://", path);
    case Transport::kSim:
      break;
  }
  return absl::StrCat("sim://", path);
}

absl::Status CheckForBind(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::kTcp && !endpoint.source_host.empty()) {
    return Bad(endpoint.ToString(), "a source address is for connecting, not for listening");
  }
  return absl::OkStatus();
}

absl::Status CheckForConnect(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::kTcp) {
    if (endpoint.host == "*")
      return Bad(endpoint.ToString(), "* is for listening; name a host to connect to");
    if (endpoint.any_port)
      return Bad(endpoint.ToString(), "name the port to connect to, from 1 to 65535");
  }
  if (endpoint.any_path)
    return Bad(endpoint.ToString(), "* is for listening; name a path to connect to");
  return absl::OkStatus();
}

}  // namespace monocoque
