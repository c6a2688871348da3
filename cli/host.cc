#include "cli/host.h"

#include "cli/asio_host.h"
#include "cli/uring_host.h"
#include "cli/uv_host.h"

namespace monocoque::cli {
namespace {

struct Adapter {
  std::string_view name;
  std::unique_ptr<Host> (*make)();
};

template <typename T>
std::unique_ptr<Host> Make() {
  return std::make_unique<T>();
}

constexpr Adapter kAdapters[] = {
    {"uring", Make<UringHost>},
    {"uv", Make<UvHost>},
    {"asio", Make<AsioHost>},
};

}  // namespace

// Asking gives the socket a turn: adapters know how to look without.
bool HostSocket::CanReceive() {
  bool can = false;
  Ask([&can](monocoque::Socket* core, Instant now) { can = core->CanReceive(now); });
  return can;
}

absl::Status HostSocket::Subscribe(std::string_view prefix) {
  absl::Status done;
  Ask([&](monocoque::Socket* core, Instant now) { done = core->Subscribe(prefix, now); });
  return done;
}

absl::Status HostSocket::Join(std::string_view group) {
  absl::Status done;
  Ask([&](monocoque::Socket* core, Instant now) { done = core->Join(group, now); });
  return done;
}

std::string_view WithoutAdvice(std::string_view sentence) {
  return sentence.substr(0, sentence.find(';'));
}

std::vector<std::string_view> AdapterNames() {
  std::vector<std::string_view> names;
  for (const Adapter& adapter : kAdapters) names.push_back(adapter.name);
  return names;
}

std::unique_ptr<Host> MakeHost(std::string_view name) {
  for (const Adapter& adapter : kAdapters) {
    if (adapter.name == name) return adapter.make();
  }
  return nullptr;
}

}  // namespace monocoque::cli
