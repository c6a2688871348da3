#include "adapters/uv/lookup.h"

#include <vector>

#include "adapters/net/address.h"

namespace monocoque::uv {

struct Lookup::Request {
  explicit Request(Lookup* for_whom) : owner(for_whom) { uv.self.data = this; }

  // Every request begins with the fields of the base.
  union {
    uv_getaddrinfo_t self{};
    uv_req_t base;
  } uv;
  Lookup* owner;  // null: nobody listens any more
};

absl::StatusOr<std::unique_ptr<net::Lookup>> Lookup::Start(uv_loop_t* loop, const std::string& host,
                                                           std::uint16_t port,
                                                           net::Reactor::Found found) {
  std::unique_ptr<Lookup> lookup(new Lookup(host, port, std::move(found)));
  auto request = std::make_unique<Request>(lookup.get());
  const addrinfo hints = net::NameHints();
  const int refused =
      uv_getaddrinfo(loop, &request->uv.self, OnAnswer, host.c_str(), nullptr, &hints);
  if (refused != 0) return net::NoAddressError(host, uv_strerror(refused));
  lookup->request_ = request.release();
  return lookup;
}

Lookup::~Lookup() {
  if (request_ == nullptr) return;
  request_->owner = nullptr;
  uv_cancel(&request_->uv.base);
}

// What is told may destroy the lookup: its callback is taken out first.
void Lookup::OnAnswer(uv_getaddrinfo_t* self, int status, addrinfo* list) {
  const std::unique_ptr<Request> request(static_cast<Request*>(self->data));
  Lookup* const lookup = request->owner;
  absl::StatusOr<std::vector<net::Address>> answer;
  if (lookup != nullptr) {
    lookup->request_ = nullptr;
    if (status == 0) {
      answer = net::AddressesOf(list, lookup->port_);
    } else {
      answer = net::NoAddressError(lookup->host_, uv_strerror(status));
    }
  }
  uv_freeaddrinfo(list);
  if (lookup != nullptr) std::exchange(lookup->found_, nullptr)(std::move(answer));
}

}  // namespace monocoque::uv
