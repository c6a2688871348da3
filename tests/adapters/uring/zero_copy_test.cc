// Large writes without a copy into the kernel: asked for where they pay, and their memory is kept
// until the kernel says that it reads it no more, whatever goes meanwhile.
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"
#include "tests/adapters/uring/kernel_version.h"
#include "tests/support/raw_peer.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::RawPeer;

const LoopOptions kZeroCopy = {.zero_copy_send = 64 * 1024};
constexpr absl::Duration kSoon = absl::Seconds(10);
constexpr std::size_t kMebibyte = 1024 * 1024;
// One write, which the kernel takes whole, and more than a peer that reads nothing takes.
constexpr std::size_t kHeld = 160 * 1024;

bool KernelSendsWithoutCopy() { return KernelSince(6, 2); }

// No two pieces of it are alike.
std::string Text(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (char& c : text) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>('a' + (seed >> 24) % 26);
  }
  return text;
}

// Two PAIR sockets, joined.
struct Joined {
  explicit Joined(Loop* loop, const char* endpoint = "tcp://127.0.0.1:*")
      : a(loop->MakeSocket(SocketType::kPair)), b(loop->MakeSocket(SocketType::kPair)) {
    EXPECT_TRUE(a.Connect(b.Bind(endpoint).value_or("")).ok());
    EXPECT_TRUE(a.WaitReady(1, kSoon).ok());
    EXPECT_TRUE(b.WaitReady(1, kSoon).ok());
  }
  // A message each way, intact.
  void Exchange(std::size_t size, unsigned seed) {
    for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      const std::string text = Text(size, seed++);
      ASSERT_TRUE(from->Send(text, kSoon).ok());
      const absl::StatusOr<Message> got = to->Receive(kSoon);
      ASSERT_TRUE(got.ok()) << got.status();
      ASSERT_TRUE(got->text() == text) << "octets changed on the way";
    }
  }
  Socket a, b;
};

// Turns until it holds; false if it does not in time.
template <typename Holds>
bool TurnUntil(Loop* loop, Holds holds) {
  const Instant deadline = net::Now() + kSoon;
  while (!holds() && net::Now() < deadline) loop->RunOnce(absl::Milliseconds(5));
  return holds();
}

bool NothingPinned(Loop* loop) {
  return TurnUntil(loop, [&] { return loop->send_ops().pinned() == 0; });
}

TEST(ZeroCopyTest, LargeMessagesBothWays) {
  Loop loop(kZeroCopy);
  Joined pair(&loop);
  for (unsigned i = 0; i < 8; ++i) pair.Exchange(kMebibyte, 2 * i);
  EXPECT_TRUE(NothingPinned(&loop)) << "each notification has come";
  if (!KernelSendsWithoutCopy()) return;
  EXPECT_GE(loop.stats().zero_copy_writes, 2u) << "at least one each way";
  EXPECT_EQ(loop.stats().zero_copy_copied, loop.stats().zero_copy_writes)
      << "nothing goes over loopback without a copy";
}

// The kernel says that it copied: that link asks no more, another one does.
TEST(ZeroCopyTest, ALinkThatCopiesGoesBackToPlainWrites) {
  if (!KernelSendsWithoutCopy()) return;
  Loop loop(kZeroCopy);
  {
    Joined pair(&loop);
    pair.Exchange(kMebibyte, 1);
    ASSERT_TRUE(NothingPinned(&loop));
    const std::uint64_t asked = loop.stats().zero_copy_writes;
    EXPECT_GT(asked, 0u);
    for (unsigned i = 0; i < 4; ++i) pair.Exchange(kMebibyte, i);
    EXPECT_EQ(loop.stats().zero_copy_writes, asked);
  }
  const std::uint64_t asked = loop.stats().zero_copy_writes;
  Joined another(&loop);
  another.Exchange(kMebibyte, 1);
  EXPECT_GT(loop.stats().zero_copy_writes, asked);
}

TEST(ZeroCopyTest, OnlyFromTheSizeThatTheOptionSays) {
  if (!KernelSendsWithoutCopy()) return;
  Loop loop(kZeroCopy);
  Joined pair(&loop);
  pair.Exchange(32 * 1024, 1);
  EXPECT_EQ(loop.stats().zero_copy_writes, 0u);
  pair.Exchange(64 * 1024, 1);
  EXPECT_EQ(loop.stats().zero_copy_writes, 2u);

  Loop eager({.zero_copy_send = 1000});
  Joined near(&eager);
  near.Exchange(500, 1);
  EXPECT_EQ(eager.stats().zero_copy_writes, 0u);
  near.Exchange(1000, 1);
  EXPECT_EQ(eager.stats().zero_copy_writes, 2u);

  Loop never;
  Joined plain(&never);
  plain.Exchange(kMebibyte, 1);
  EXPECT_EQ(never.stats().zero_copy_writes, 0u);
}

// Unix sockets have no such thing, which shows at the first try.
TEST(ZeroCopyTest, UnixSocketsAreWrittenToPlainly) {
  if (!KernelSendsWithoutCopy()) return;
  Loop loop(kZeroCopy);
  Joined pair(&loop, "ipc://*");
  for (unsigned i = 0; i < 3; ++i) pair.Exchange(kMebibyte, i);
  EXPECT_EQ(loop.stats().zero_copy_writes, 2u) << "one try a link";
  EXPECT_TRUE(NothingPinned(&loop));
}

// A PUSH whose peer reads nothing for now: one write is with the kernel, which may read its memory,
// the user's own, until the peer takes it.
class HeldTest : public ::testing::Test {
 protected:
  // Sends it. False on a kernel that has no such writes: then it went plainly.
  bool Hold(const LoopOptions& options = kZeroCopy) {
    Begin(options);
    if (KernelSendsWithoutCopy()) {
      EXPECT_TRUE(TurnUntil(&*loop_, [&] { return loop_->send_ops().pinned() == 1; }));
      EXPECT_FALSE(released_);
      return !HasFailure();
    }
    EXPECT_TRUE(PeerHasIt());
    EXPECT_EQ(loop_->send_ops().pinned(), 0u);
    return false;
  }
  void Begin(const LoopOptions& options) {
    ASSERT_NO_FATAL_FAILURE(Join(options));
    const auto released = [](void* test) { static_cast<HeldTest*>(test)->released_ = true; };
    ASSERT_TRUE(
        push_->Send(Message(Slice::Adopt(text_.data(), text_.size(), released, this))).ok());
  }
  void Join(const LoopOptions& options) {
    loop_.emplace(options);
    ASSERT_TRUE(loop_->status().ok()) << loop_->status();
    push_.emplace(loop_->MakeSocket(SocketType::kPush));
    peer_.emplace(
        [this] {
          if (loop_) loop_->RunOnce(absl::Milliseconds(1));
        },
        push_->Bind("tcp://127.0.0.1:*").value_or(""));
    peer_->HandshakeAs("PULL");
    ASSERT_TRUE(push_->WaitReady(1, kSoon).ok());
  }
  // The peer takes what there is; true if the message is in it, unchanged.
  bool PeerHasIt() { return peer_->ReadUntil(text_).ends_with(text_); }

  const std::string text_ = Text(kHeld, 7);
  bool released_ = false;
  std::optional<Loop> loop_;
  std::optional<Socket> push_;
  std::optional<RawPeer> peer_;
};

TEST_F(HeldTest, TheMemoryIsKeptUntilThePeerHasTakenIt) {
  if (!Hold()) return;
  for (int i = 0; i < 20; ++i) loop_->RunOnce(absl::Milliseconds(1));
  EXPECT_FALSE(released_) << "nobody has read it yet";
  EXPECT_TRUE(PeerHasIt());
  EXPECT_TRUE(NothingPinned(&*loop_));
  EXPECT_TRUE(released_);
}

// The core has the batch back, and the link sends on.
TEST_F(HeldTest, TheLinkGoesOnMeanwhile) {
  if (!Hold()) return;
  ASSERT_TRUE(push_->Send("next").ok());
  push_->Flush();
  EXPECT_EQ(push_->core().pending_bytes(), 0u) << "it went to the kernel behind the other";
  EXPECT_FALSE(released_);
  EXPECT_TRUE(peer_->ReadUntil("next").ends_with("next"));
  EXPECT_TRUE(NothingPinned(&*loop_));
}

TEST_F(HeldTest, ThePeerResetsTheConnection) {
  if (!Hold()) return;
  peer_->Reset();
  EXPECT_TRUE(NothingPinned(&*loop_));
  EXPECT_TRUE(released_);
  EXPECT_TRUE(TurnUntil(&*loop_, [&] { return push_->core().ready_peers() == 0; }));
}

TEST_F(HeldTest, TheSocketIsClosed) {
  if (!Hold()) return;
  ASSERT_TRUE(push_->Close(absl::ZeroDuration()).ok()) << "what is with the kernel is sent";
  EXPECT_EQ(loop_->send_ops().pinned(), 1u);
  EXPECT_TRUE(PeerHasIt());
  EXPECT_TRUE(NothingPinned(&*loop_));
  EXPECT_TRUE(released_);
}

TEST_F(HeldTest, TheSocketIsDestroyed) {
  if (!Hold()) return;
  push_.reset();
  EXPECT_FALSE(released_);
  EXPECT_TRUE(PeerHasIt());
  EXPECT_TRUE(NothingPinned(&*loop_));
  EXPECT_TRUE(released_);
}

// The kernel cannot be made to let go of it, nor is it waited for without end: it stays, and the
// peer gets what was sent.
TEST_F(HeldTest, TheLoopIsDestroyed) {
  if (!Hold()) return;
  push_.reset();
  loop_.reset();
  EXPECT_FALSE(released_);
  EXPECT_TRUE(PeerHasIt());
}

// The same of slabs: what was copied into them on the way is not written over.
TEST_F(HeldTest, SlabsOfALoopThatIsGoneAreNotUsedAgain) {
  if (!KernelSendsWithoutCopy()) return;
  Join(kZeroCopy);
  std::string all;
  for (unsigned i = 0; all.size() < kHeld; ++i) {
    Message message(Text(1000, i));
    all += message.text();
    // Without the writes of Send.
    ASSERT_TRUE(
        push_->Ask([&](monocoque::Socket* s, Instant now) { return s->Send(&message, now); }).ok());
  }
  push_->Flush();
  ASSERT_TRUE(TurnUntil(&*loop_, [&] { return loop_->send_ops().pinned() == 1; }));
  push_.reset();
  loop_.reset();
  // Whatever was given back to the heap has other octets now.
  std::vector<std::string> others;
  for (int i = 0; i < 200; ++i) others.emplace_back(64 * 1024, '!');
  const std::string& heard = peer_->ReadUntil(all.substr(all.size() - 1000));
  std::string bodies;
  for (std::size_t at = heard.find(all.substr(0, 1000)); at < heard.size(); at += 1009) {
    bodies += heard.substr(at, 1000);
  }
  EXPECT_TRUE(bodies == all);
}

// On a ring of the host's, which may forbid what it likes and lives on.
class SharedZeroCopyTest : public HeldTest {
 protected:
  ~SharedZeroCopyTest() override {
    push_.reset();
    loop_.reset();
    if (made_) io_uring_queue_exit(&ring_);
  }

  // Every request is allowed but the one; of registering, what is named.
  void MakeRing(bool restricted, std::vector<std::uint8_t> registering = {}) {
    ASSERT_EQ(io_uring_queue_init(64, &ring_, restricted ? IORING_SETUP_R_DISABLED : 0), 0);
    made_ = true;
    if (!restricted) return;
    std::vector<io_uring_restriction> rules(1);
    rules[0].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    rules[0].sqe_flags = 0xff;
    for (std::uint8_t op = 0; op < IORING_OP_SENDMSG_ZC; ++op) {
      rules.emplace_back().opcode = IORING_RESTRICTION_SQE_OP;
      rules.back().sqe_op = op;
    }
    for (const std::uint8_t op : registering) {
      rules.emplace_back().opcode = IORING_RESTRICTION_REGISTER_OP;
      rules.back().register_op = op;
    }
    ASSERT_EQ(Register(IORING_REGISTER_RESTRICTIONS, rules.data(), rules.size()), 0);
    ASSERT_EQ(Register(IORING_REGISTER_ENABLE_RINGS, nullptr, 0), 0);
  }
  long Register(unsigned what, const void* arg, std::size_t count) const {
    return syscall(__NR_io_uring_register, ring_.ring_fd, what, arg, count);
  }
  LoopOptions Options() {
    LoopOptions options = kZeroCopy;
    options.ring = &ring_;
    options.on_host_completion = [](const io_uring_cqe&) {};
    return options;
  }

  bool made_ = false;
  io_uring ring_{};
};

// The kernel does not say that it has it: it is not asked for.
TEST_F(SharedZeroCopyTest, NotAskedForWhereTheProbeSaysNo) {
  MakeRing(/*restricted=*/true);
  Loop loop(Options());
  Joined pair(&loop);
  for (unsigned i = 0; i < 3; ++i) pair.Exchange(kMebibyte, i);
  EXPECT_EQ(loop.stats().zero_copy_writes, 0u);
}

// It says so, and refuses the request: the octets go plainly, and it is not asked again.
TEST_F(SharedZeroCopyTest, PlainWhereTheRequestIsRefused) {
  MakeRing(/*restricted=*/true, {IORING_REGISTER_PROBE});
  Loop loop(Options());
  Joined pair(&loop);
  for (unsigned i = 0; i < 3; ++i) pair.Exchange(kMebibyte, i);
  EXPECT_EQ(loop.stats().zero_copy_writes, 2u) << "one try a link";
  EXPECT_TRUE(NothingPinned(&loop));
}

// A notification that comes after the loop's end, to another loop on the ring, gives the memory
// back.
TEST_F(SharedZeroCopyTest, ANotificationMayComeAfterTheLoopsEnd) {
  MakeRing(/*restricted=*/false);
  if (!Hold(Options())) return;
  push_.reset();
  loop_.reset();
  EXPECT_FALSE(released_);
  loop_.emplace(Options());
  EXPECT_TRUE(PeerHasIt());
  EXPECT_TRUE(TurnUntil(&*loop_, [&] { return released_; }));
  Joined pair(&*loop_);
  pair.Exchange(1000, 1);
}

}  // namespace
}  // namespace monocoque::uring
