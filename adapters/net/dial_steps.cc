#include "adapters/net/dial_steps.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/net/stream.h"

namespace monocoque::net {

DialSteps::DialSteps(const action::Dial& dial)
    : endpoint_(dial.endpoint),
      options_(dial.transport),
      attempt_(dial.attempt),
      by_proxy_(!options_->socks_proxy.empty() && endpoint_->transport == Transport::kTcp),
      hop_(*dial.endpoint) {
  if (!by_proxy_) return;
  // It was looked at when the options came.
  const absl::StatusOr<Endpoint> proxy =
      ParseEndpoint(absl::StrCat("tcp://", options_->socks_proxy));
  if (!proxy.ok()) return;
  hop_ = *proxy;
  hop_.source_host = endpoint_->source_host;
  hop_.source_port = endpoint_->source_port;
}

DialSteps::~DialSteps() { Drop(); }

void DialSteps::Drop() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

absl::Duration DialSteps::patience() const {
  const absl::Duration time = options_->connect_timeout;
  return time > absl::ZeroDuration() ? time : absl::InfiniteDuration();
}

DialSteps::Next DialSteps::GiveUp(absl::Status why) {
  Drop();
  status_ = std::move(why);
  return Next::kFailed;
}

DialSteps::Next DialSteps::Start() {
  if (attempt_ == 0 && options_->descriptor >= 0) return Adopt();
  if (by_proxy_ && endpoint_->host.size() > Socks5::kMaxHost) {
    return GiveUp(Sentence(absl::InvalidArgumentError(
        absl::StrCat("a proxy takes names of at most ", Socks5::kMaxHost, " octets; this one has ",
                     endpoint_->host.size()))));
  }
  absl::StatusOr<std::vector<Address>> numeric = NumericAddresses(hop_);
  if (numeric.ok() && numeric->empty()) return Next::kResolve;
  return OnResolved(std::move(numeric));
}

DialSteps::Next DialSteps::Adopt() {
  const absl::StatusOr<int> fd = DuplicateStream(options_->descriptor, endpoint_->transport, false);
  if (!fd.ok()) return GiveUp(InSentence("connect", *endpoint_, fd.status()));
  fd_ = *fd;
  const absl::Status tuned = TuneStream(fd_, *options_);
  return tuned.ok() ? Next::kDone : GiveUp(InSentence("connect", *endpoint_, tuned));
}

DialSteps::Next DialSteps::OnResolved(absl::StatusOr<std::vector<Address>> found) {
  if (!found.ok()) return GiveUp(found.status());
  addresses_ = *std::move(found);
  status_ = NoAddressError(endpoint_->host, "the answer was empty");
  if (!options_->ipv6.value_or(true)) {
    const auto out =
        std::erase_if(addresses_, [](const Address& each) { return each.family() == AF_INET6; });
    if (out > 0) status_ = InSentence("connect", *endpoint_, NoIpv6Error());
  }
  // One that swallows what it is sent takes the whole time: each attempt begins with another.
  if (!addresses_.empty()) {
    const std::size_t first = attempt_ % addresses_.size();
    std::rotate(addresses_.begin(), addresses_.begin() + static_cast<std::ptrdiff_t>(first),
                addresses_.end());
  }
  return TryNext();
}

DialSteps::Next DialSteps::TryNext() {
  proxy_.reset();
  while (next_ < addresses_.size()) {
    Drop();
    const absl::StatusOr<int> fd = StreamToward(hop_, addresses_[next_++], *options_);
    if (fd.ok()) {
      fd_ = *fd;
      return Next::kConnect;
    }
    status_ = fd.status();
  }
  return GiveUp(std::move(status_));
}

DialSteps::Next DialSteps::Refused(absl::Status why) {
  status_ = std::move(why);
  return TryNext();
}

DialSteps::Next DialSteps::OnConnected(int error) {
  if (error == 0 && ConnectedToItself(fd_)) {
    // Reset, so that nothing of it lingers where somebody else may come to listen.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    error = ECONNREFUSED;
  }
  if (error != 0) return Refused(TalkedOut(error));
  if (!by_proxy_) return Next::kDone;
  proxy_.emplace(endpoint_->host, endpoint_->port, options_->socks_username,
                 options_->socks_password);
  return Talk();
}

DialSteps::Next DialSteps::OnReady() { return Talk(); }

DialSteps::Next DialSteps::OnTimeout() { return Refused(TalkedOut(ETIMEDOUT)); }

absl::Status DialSteps::Sentence(const absl::Status& why) const {
  return InSentence("connect", *endpoint_, why);
}

absl::Status DialSteps::TalkedOut(int error) const {
  if (!by_proxy_) return SystemError("connect", *endpoint_, error);
  return SystemError(absl::StrCat("connect ", absl::CHexEscape(endpoint_->ToString()), " by proxy"),
                     hop_, error);
}

// With the proxy, as far as it goes now. Reads no octet that is not the proxy's own.
DialSteps::Next DialSteps::Talk() {
  std::array<std::uint8_t, 300> answer;
  for (;;) {
    ssize_t moved = 0;
    const Bytes output = proxy_->output();
    if (!output.empty()) {
      moved = send(fd_, output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (moved >= 0) proxy_->Sent(static_cast<std::size_t>(moved));
    } else {
      moved = recv(fd_, answer.data(), std::min(answer.size(), proxy_->wanted()), MSG_DONTWAIT);
      if (moved == 0) return Refused(Sentence(absl::UnavailableError("the proxy hung up")));
      if (moved > 0) proxy_->Receive({answer.data(), static_cast<std::size_t>(moved)});
    }
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0 && TryAgain(errno)) return output.empty() ? Next::kRead : Next::kWrite;
    if (moved < 0) return Refused(TalkedOut(errno));
    if (!proxy_->status().ok()) return Refused(Sentence(proxy_->status()));
    if (proxy_->done()) return Next::kDone;
  }
}

TransportInfo DialSteps::Take(int* fd) {
  TransportInfo info = DescribeStream(fd_);
  // Behind a proxy the system knows of that alone.
  if (proxy_) info.remote = endpoint_->ToString();
  *fd = std::exchange(fd_, -1);
  return info;
}

}  // namespace monocoque::net
