#include "adapters/uv/lookup.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
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

Lookup::Lookup(uv_loop_t* loop, const std::string& host, std::uint16_t port,
               net::Reactor::Found found)
    : host_(host), port_(port), found_(std::move(found)) {
  auto request = std::make_unique<Request>(this);
  const addrinfo hints = net::NameHints();
  refused_ = uv_getaddrinfo(loop, &request->uv.self, OnAnswer, host_.c_str(), nullptr, &hints);
  if (refused_ == 0) {
    request_ = request.release();
    return;
  }
  later_ = Handle<uv_timer_t>(this);
  uv_timer_init(loop, later_.get());
  uv_timer_start(later_.get(), OnRefused, 0, 0);
}

Lookup::~Lookup() {
  if (request_ == nullptr) return;
  request_->owner = nullptr;
  uv_cancel(&request_->uv.base);
}

absl::Status Lookup::Failed(int error) const {
  return net::NoAddressError(host_, uv_strerror(error));
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
      answer = lookup->Failed(status);
    }
  }
  uv_freeaddrinfo(list);
  if (lookup != nullptr) std::exchange(lookup->found_, nullptr)(std::move(answer));
}

void Lookup::OnRefused(uv_timer_t* timer) {
  Lookup& lookup = *static_cast<Lookup*>(timer->data);
  std::exchange(lookup.found_, nullptr)(lookup.Failed(lookup.refused_));
}

}  // namespace monocoque::uv
