#include "adapters/net/endpoint_wishes.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace monocoque::net {

absl::StatusOr<std::string> EndpointWishes::Bind(std::string_view text, const LinkOptions* options,
                                                 Instant now) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  const absl::StatusOr<ListenerId> listener =
      machine_.Bind(*endpoint, options == nullptr ? machine_.options().link : *options, now);
  if (!listener.ok()) return listener.status();
  listening_ = *listener;
  listen_result_ = absl::InternalError("bind: nothing came of it");
  pump_.RunActions();
  listening_ = ListenerId();
  if (listen_result_.ok()) bound_.Add(*listen_result_, *listener);
  return std::move(listen_result_);
}

absl::Status EndpointWishes::Connect(std::string_view text, const LinkOptions* options,
                                     Instant now) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  const absl::StatusOr<DialerId> dialer =
      machine_.Connect(*endpoint, options == nullptr ? machine_.options().link : *options, now);
  if (!dialer.ok()) return dialer.status();
  // Some may have ended by themselves.
  connected_.Tidy([this](DialerId id) { return !machine_.peer(id); });
  connected_.Add(std::string(text), *dialer);
  pump_.RunActions();
  return absl::OkStatus();
}

absl::Status EndpointWishes::Unbind(std::string_view bound, Instant now) {
  const absl::StatusOr<ListenerId> id = bound_.Take("unbind", bound);
  if (!id.ok()) return id.status();
  absl::Status done = machine_.Unbind(*id, now);
  pump_.RunActions();
  return done;
}

absl::Status EndpointWishes::Disconnect(std::string_view text, Instant now) {
  for (;;) {
    const absl::StatusOr<DialerId> id = connected_.Take("disconnect", text);
    if (!id.ok()) return id.status();
    // Not found: it ended by itself, and the next of that text is meant.
    absl::Status done = machine_.Disconnect(*id, now);
    if (!absl::IsNotFound(done)) return done;
  }
}

void EndpointWishes::OnListen(ListenerId listener, const absl::StatusOr<Endpoint>& bound,
                              Instant now) {
  if (bound.ok()) {
    machine_.OnListening(listener, *bound, now);
    if (listener == listening_) listen_result_ = bound->ToString();
  } else {
    machine_.OnListenFailed(listener, bound.status(), now);
    if (listener == listening_) listen_result_ = bound.status();
  }
}

void EndpointWishes::StartClose(absl::Duration linger, Instant now) {
  if (!before_) {
    before_ = machine_.stats();
    if (!machine_.Forsaken().ok()) forsaken_ = machine_.forsaken_messages();
  }
  machine_.Close(linger, now);
}

absl::Status EndpointWishes::CloseResult() const {
  const SocketStats before = before_.value_or(SocketStats());
  const SocketStats& after = machine_.stats();
  const auto sentence = [](std::uint64_t count, std::string_view what) {
    return absl::StrCat(count, count == 1 ? " message was " : " messages were ", what);
  };
  std::uint64_t late = after.lost - before.lost;
  std::string given_up;
  // What dialers gave up would not have gone with more time.
  if (const absl::Status why = machine_.Forsaken(); !why.ok()) {
    const std::uint64_t count = after.abandoned - before.abandoned;
    late -= count;
    if (count + forsaken_ > 0) {
      given_up = absl::StrCat(sentence(count + forsaken_, "lost: "), why.message());
    }
    if (late == 0 && !given_up.empty()) {
      return absl::Status(why.code(), absl::StrCat("close: ", given_up));
    }
  }
  if (late == 0) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("close: ", sentence(late, "not sent in time"),
                                                  given_up.empty() ? "" : "; ", given_up));
}

}  // namespace monocoque::net
