// What one more idle link takes, in bytes and allocations, as the slope between 1,000 and 2,000
// links: in the core alone, and in a process on each adapter, whose peers are a process of their
// own.
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/idle_adapter_links.h"
#include "tests/support/idle_links.h"

namespace monocoque::bench {
namespace {

using testing::LinkMemory;

void Print(std::string_view what, const LinkMemory& memory) {
  std::printf("%-28s %7.0f bytes %6.2f allocations\n", std::string(what).c_str(), memory.bytes,
              memory.allocations);
}

void Core(SocketType type, SocketType peer) {
  Print(absl::StrCat(SocketTypeName(type), ", accepted"),
        testing::MeasureAcceptedLinks(type, peer));
  Print(absl::StrCat(SocketTypeName(type), ", dialed"), testing::MeasureDialedLinks(type, peer));
}

// False with a sentence if it cannot be measured here.
bool Adapter(std::string_view what, const absl::StatusOr<LinkMemory>& memory) {
  if (memory.ok()) {
    Print(what, *memory);
  } else {
    std::fprintf(stderr, "%s: %s\n", std::string(what).c_str(),
                 std::string(memory.status().message()).c_str());
  }
  return memory.ok();
}

int Main() {
  bool all = true;
  for (const std::string_view name : testing::AllAdapters()) {
    all &= Adapter(absl::StrCat("PULL, accepted, ", name), testing::MeasureAcceptedLinks(name));
    all &= Adapter(absl::StrCat("PUSH, dialed, ", name), testing::MeasureDialedLinks(name));
  }
  Core(SocketType::kPull, SocketType::kPush);
  Core(SocketType::kPush, SocketType::kPull);
  Core(SocketType::kRouter, SocketType::kDealer);
  Core(SocketType::kPub, SocketType::kSub);
  Core(SocketType::kSub, SocketType::kPub);
  return all ? 0 : 1;
}

}  // namespace
}  // namespace monocoque::bench

int main() { return monocoque::bench::Main(); }
