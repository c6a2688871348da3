#include "adapters/uring/buffers.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/uring/kernel.h"

namespace monocoque::uring {
namespace {

// Octets of buffers kept for reuse: what hundreds of links have in use that are heard at once.
constexpr std::size_t kIdleBytes = 16 * 1024 * 1024;
// Octets of the probe: more than one buffer of a bundle holds, fewer than a socket pair does.
constexpr std::size_t kProbeBytes = Buffers::kBundleBytes + 5;

// Waits for its completions.
constexpr int kProbeTurns = 100;

// Receives from a descriptor, which it owns.
class Probe final : public Completion {
 public:
  Probe(Buffers* buffers, int fd) : buffers_(buffers), fd_(fd) {}
  ~Probe() override { close(fd_); }

  void OnCompletion(int result, unsigned flags) override {
    if ((flags & IORING_CQE_F_MORE) == 0) done = true;
    if (buffers_ != nullptr) {
      Received(result, flags);
    } else if (done) {
      delete this;
    }
  }
  // Nobody waits for it any more: it lives until the kernel has done with it.
  void LetGo() { buffers_ = nullptr; }

  bool done = false;
  bool shown = false;
  std::size_t received = 0;

 private:
  void Received(int result, unsigned flags) {
    if (result <= 0 || (flags & IORING_CQE_F_BUFFER) == 0) return;
    received += static_cast<std::size_t>(result);
    // The mark of each method: a buffer that is not used up, a completion over several.
    shown = shown || (buffers_->method() == ReadMethod::kIncremental
                          ? (flags & kernel::kCompletionBufferMore) != 0
                          : static_cast<std::size_t>(result) > Buffers::kBundleBytes);
    buffers_->Take(result, flags, [](const Slice&) {});
  }

  Buffers* buffers_;  // null: it was let go
  const int fd_;
};

std::shared_ptr<SlabPool> MakePool(std::size_t buffer_bytes) {
  return SlabPool::Create(
      {.slab_bytes = buffer_bytes, .max_idle_slabs = kIdleBytes / buffer_bytes});
}

}  // namespace

Buffers::Buffers(Ring* ring, ReadMethod method, std::uint16_t group)
    : ring_(*ring),
      method_(method),
      group_(group),
      count_(method == ReadMethod::kIncremental ? kIncrementalCount : kBundleCount),
      pool_(MakePool(method == ReadMethod::kIncremental ? kIncrementalBytes : kBundleBytes)),
      entries_(count_) {}

absl::StatusOr<std::unique_ptr<Buffers>> Buffers::Create(Ring* ring, ReadMethod method,
                                                         std::uint16_t group) {
  std::unique_ptr<Buffers> buffers(new Buffers(ring, method, group));
  if (!buffers->Register()) return absl::UnimplementedError("no such buffer ring on this kernel");
  if (absl::Status works = buffers->Try(); !works.ok()) return works;
  return buffers;
}

absl::Status Buffers::Try() {
  const absl::Status lacks = absl::UnimplementedError("this kernel does not receive so");
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) return lacks;
  const int room = 4 * static_cast<int>(kProbeBytes);
  setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  const std::vector<char> octets(kProbeBytes);
  const bool sent = write(pair[1], octets.data(), octets.size()) == std::ssize(octets);
  close(pair[1]);  // and the end of the stream
  auto probe = std::make_unique<Probe>(this, pair[0]);
  io_uring_sqe* sqe = ring_.Prepare();
  io_uring_prep_recv_multishot(sqe, pair[0], nullptr, 0, 0);
  ring_.Own(sqe, probe.get());
  Fit(sqe);
  for (int i = 0; i < kProbeTurns && !probe->done; ++i) {
    ring_.SubmitAndWait(absl::Milliseconds(50));
    ring_.Reap(kProbeTurns);
  }
  if (!probe->done) {
    probe.release()->LetGo();
    return absl::UnavailableError(
        "io_uring: the kernel takes no requests just now, for want of memory perhaps; try again "
        "later.");
  }
  const bool works = sent && probe->shown && probe->received == kProbeBytes;
  return works ? absl::OkStatus() : lacks;
}

Buffers::~Buffers() {
  if (shared_ == nullptr) return;
  io_uring_unregister_buf_ring(ring_.get(), group_);
  munmap(shared_, shared_bytes_);
}

bool Buffers::Register() {
  shared_bytes_ = count_ * sizeof(io_uring_buf);
  void* memory =
      mmap(nullptr, shared_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
  registration.ring_entries = count_;
  registration.bgid = group_;
  // Where newer headers have the flags; liburing 2.3's own argument for them goes nowhere.
  if (method_ == ReadMethod::kIncremental) registration.pad = kernel::kBufferRingIncremental;
  const auto set_up = [&] { return io_uring_register_buf_ring(ring_.get(), &registration, 0); };
  if (SetUpPatiently(set_up, ring_.patient_until()) != 0) {
    munmap(memory, shared_bytes_);
    return false;
  }
  shared_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(shared_);
  for (unsigned i = 0; i < count_; ++i) Provide(static_cast<std::uint16_t>(i));
  return true;
}

void Buffers::Provide(std::uint16_t id) {
  BlockPtr block = pool_->Acquire(nullptr);
  if (!block) {
    gaps_.push_back(id);
    return;
  }
  io_uring_buf_ring_add(shared_, block->data(), static_cast<unsigned>(block->capacity()), id,
                        io_uring_buf_ring_mask(count_), 0);
  io_uring_buf_ring_advance(shared_, 1);
  entries_[id].lease = BlockLease(std::move(block));
  entries_[id].used = 0;
  if (method_ == ReadMethod::kBundle) order_.push_back(id);
}

void Buffers::Fit(io_uring_sqe* sqe) const {
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = group_;
  if (method_ == ReadMethod::kBundle) {
    sqe->ioprio = static_cast<std::uint16_t>(sqe->ioprio | kernel::kRecvSendBundle);
  }
}

bool Buffers::FillGaps() {
  for (std::uint16_t id : std::exchange(gaps_, {})) Provide(id);
  return gaps_.size() < count_;
}

Slice Buffers::Piece(std::uint16_t id, std::size_t bytes) {
  Entry& entry = entries_[id];
  Block* block = entry.lease.Take();
  const std::uint8_t* data = block->data() + entry.used;
  entry.used += bytes;
  return Slice(BlockPtr(block), data, bytes);
}

void Buffers::Take(int result, unsigned flags, const std::function<void(Slice)>& piece) {
  if (!gaps_.empty()) [[unlikely]]
    FillGaps();
  auto left = static_cast<std::size_t>(result);
  const auto first = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
  if (method_ == ReadMethod::kIncremental) {
    piece(Piece(first, left));
    if ((flags & kernel::kCompletionBufferMore) == 0) Provide(first);
    return;
  }
  // The buffers of a bundle follow each other in the order they were provided. One that the kernel
  // took without a word goes back in.
  for (std::size_t i = order_.size(); i > 0 && order_.front() != first; --i) {
    Provide(order_.take_front());
  }
  while (left > 0 && !order_.empty()) {
    const std::uint16_t id = order_.take_front();
    const std::size_t here = std::min(left, kBundleBytes);
    piece(Piece(id, here));
    left -= here;
    Provide(id);
  }
}

}  // namespace monocoque::uring
