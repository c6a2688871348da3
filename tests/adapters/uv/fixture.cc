#include "tests/adapters/uv/fixture.h"

#include <filesystem>
#include <iterator>

namespace monocoque::uv {
namespace {

std::size_t OpenDescriptors() {
  // libuv opens some of its own, for the whole process, with the first loop.
  static auto* const first = new testing::UvLoop;
  (void)first;
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

UvTest::UvTest() : descriptors_before_(OpenDescriptors()) { loop_.emplace(); }

UvTest::~UvTest() {
  sockets_.clear();
  loop_.reset();
  EXPECT_EQ(OpenDescriptors(), descriptors_before_);
}

std::unique_ptr<Socket>& UvTest::Make(SocketType type, const SocketOptions& options) {
  sockets_.push_back(
      std::make_unique<std::unique_ptr<Socket>>(std::make_unique<Socket>(loop(), type, options)));
  EXPECT_TRUE((*sockets_.back())->status().ok()) << (*sockets_.back())->status();
  return *sockets_.back();
}

void UvTest::Send(Socket* from, std::string_view text) {
  Message message(text);
  absl::Status sent;
  ASSERT_TRUE(RunUntil([&] { return (sent = from->Send(&message)).ok(); })) << sent;
}

std::string UvTest::Receive(Socket* at) {
  Message message;
  if (!RunUntil([&] { return at->TryReceive(&message); })) return "(nothing came)";
  return std::string(message.text());
}

SocketEvent UvTest::Await(Socket* at, SocketEvent::Kind kind) {
  SocketEvent event;
  EXPECT_TRUE(RunUntil([&] {
    while (at->NextEvent(&event)) {
      if (event.kind == kind) return true;
    }
    return false;
  })) << "never: "
      << SocketEventName(kind);
  return event;
}

SocketOptions Eager() {
  SocketOptions options;
  options.link.reconnect.interval = absl::Milliseconds(5);
  return options;
}

}  // namespace monocoque::uv
