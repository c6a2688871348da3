#include "adapters/uring/buffers.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/uring/ring.h"
#include "gtest/gtest.h"
#include "tests/adapters/uring/kernel_version.h"

namespace monocoque::uring {
namespace {

// A stream of octets that shows a piece out of place.
std::string Pattern(std::size_t at, std::size_t size) {
  std::string octets(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    octets[i] = static_cast<char>((at + i) * 2654435761u >> 24);
  return octets;
}

// A multishot receive, and what each completion brought.
class Receiver final : public Completion {
 public:
  Receiver(Ring* ring, Buffers* buffers, int fd) : ring_(*ring), buffers_(*buffers), fd_(fd) {
    Arm();
  }
  void OnCompletion(int result, unsigned flags) override {
    const bool again = (flags & IORING_CQE_F_MORE) == 0;
    if (result > 0) {
      pieces.emplace_back();
      buffers_.Take(result, flags, [this](Slice piece) {
        text.append(piece.text());
        pieces.back().push_back(std::move(piece));
      });
    }
    // The kernel ends a multishot receive when it finds no buffer.
    if (again && result != 0) Arm();
  }
  // Turns until `total` octets are here, within a bound.
  void Until(std::size_t total) {
    for (int i = 0; i < 1000 && text.size() < total; ++i) {
      ring_.SubmitAndWait(absl::Milliseconds(100));
      ring_.Reap(1000);
    }
    ASSERT_GE(text.size(), total);
  }

  std::vector<std::vector<Slice>> pieces;  // of each completion
  std::string text;

 private:
  void Arm() {
    io_uring_sqe* sqe = ring_.Prepare();
    io_uring_prep_recv_multishot(sqe, fd_, nullptr, 0, 0);
    ring_.Own(sqe, this);
    buffers_.Fit(sqe);
  }

  Ring& ring_;
  Buffers& buffers_;
  const int fd_;
};

class BuffersTest : public ::testing::TestWithParam<ReadMethod> {
 protected:
  void SetUp() override {
    auto ring = Ring::Create(64);
    ASSERT_TRUE(ring.ok()) << ring.status();
    ring_ = *std::move(ring);
    auto buffers = Buffers::Create(ring_.get(), GetParam());
    ASSERT_TRUE(buffers.ok()) << buffers.status();
    buffers_ = *std::move(buffers);
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair_.data()), 0);
    const int room = 1 << 20;
    setsockopt(pair_[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  }
  void TearDown() override {
    for (int fd : pair_) {
      if (fd >= 0) close(fd);
    }
    if (ring_ == nullptr) return;
    for (int i = 0; i < 100 && ring_->outstanding() > 0; ++i) {
      ring_->SubmitAndWait(absl::Milliseconds(10));
      ring_->Reap(1000);
    }
    EXPECT_EQ(ring_->outstanding(), 0);
    receiver_.reset();
    buffers_.reset();
  }

  void Write(std::size_t size) {
    const std::string octets = Pattern(sent_, size);
    ASSERT_EQ(write(pair_[1], octets.data(), size), static_cast<ssize_t>(size));
    sent_ += size;
  }
  Receiver& receiver() {
    if (receiver_ == nullptr) {
      receiver_ = std::make_unique<Receiver>(ring_.get(), buffers_.get(), pair_[0]);
    }
    return *receiver_;
  }

  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Buffers> buffers_;
  std::unique_ptr<Receiver> receiver_;
  std::array<int, 2> pair_{-1, -1};
  std::size_t sent_ = 0;
};

// The mark of each method: one buffer used piece by piece; one completion over several buffers.
TEST_P(BuffersTest, TheMethodIsInUse) {
  constexpr std::size_t kBytes = 2 * Buffers::kBundleBytes + 100;
  Write(kBytes);
  receiver().Until(kBytes);
  Write(50);
  receiver().Until(kBytes + 50);
  EXPECT_EQ(receiver_->text, Pattern(0, kBytes + 50));
  const std::vector<std::vector<Slice>>& got = receiver_->pieces;
  ASSERT_GT(got.size(), 1u);
  if (GetParam() == ReadMethod::kIncremental) {
    for (std::size_t i = 1; i < got.size(); ++i) {
      const Slice& before = got[i - 1][0];
      EXPECT_EQ(got[i][0].data(), before.data() + before.size()) << "the same buffer, further on";
    }
  } else {
    std::size_t most = 0;
    for (const auto& completion : got) most = std::max(most, completion.size());
    EXPECT_GT(most, 1u) << "one completion over several buffers";
  }
}

// Sizes around those of the buffers, many times around the ring.
TEST_P(BuffersTest, OctetsKeepTheirOrderAroundTheRing) {
  constexpr std::size_t kSizes[] = {1,      65535,  65536,  65537, 131072, 3,
                                    200001, 262143, 262144, 7,     262145, 400000};
  for (int round = 0; round < 20; ++round) {
    Write(kSizes[static_cast<std::size_t>(round) % std::size(kSizes)]);
    receiver().Until(sent_);
  }
  EXPECT_EQ(receiver_->text, Pattern(0, sent_));
}

// Whoever keeps what it got does not starve the ring.
TEST_P(BuffersTest, KeptPiecesAreReplaced) {
  for (int i = 0; i < 100; ++i) {
    Write(100'000);
    receiver().Until(sent_);
  }
  std::string kept;
  for (const auto& completion : receiver_->pieces) {
    for (const Slice& piece : completion) kept.append(piece.text());
  }
  EXPECT_EQ(kept, Pattern(0, sent_)) << "and nothing was written over";
}

// Kernels before 6.10 have none of them.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BuffersTest);
INSTANTIATE_TEST_SUITE_P(Methods, BuffersTest,
                         ::testing::ValuesIn(OfThisKernel({ReadMethod::kIncremental,
                                                           ReadMethod::kBundle})),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace monocoque::uring
