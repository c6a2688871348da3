#ifndef MONOCOQUE_ADAPTERS_URING_BUFFERS_H_
#define MONOCOQUE_ADAPTERS_URING_BUFFERS_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/uring/options.h"
#include "adapters/uring/ring.h"
#include "alloc/block.h"
#include "alloc/ring_queue.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"

namespace monocoque::uring {

// The ring of provided buffers that all links of a loop receive into. Each buffer is a block of a
// pool: what arrives is handed on as a slice of it, and when the kernel is done with a buffer
// another takes its place, so that kept messages never starve the ring.
class Buffers {
 public:
  // `group`: the number by which requests name these buffers on the ring. Not available on this
  // kernel: unimplemented; the next lower method is tried then. Unavailable: the kernel has not
  // answered, and may yet use the ring: nothing else is tried on it.
  static absl::StatusOr<std::unique_ptr<Buffers>> Create(Ring* ring, ReadMethod method,
                                                         std::uint16_t group = 0);
  ~Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  ReadMethod method() const { return method_; }
  // Fits a receive request to this ring.
  void Fit(io_uring_sqe* sqe) const;
  // The pieces that a completion brought, in order.
  void Take(int result, unsigned flags, const std::function<void(Slice)>& piece);
  // Blocks for the places that memory lacked for. False: there is none for any, and whoever wants
  // to receive tries again later.
  bool FillGaps();

  static constexpr std::size_t kIncrementalBytes = 256 * 1024;
  static constexpr unsigned kIncrementalCount = 4;
  static constexpr std::size_t kBundleBytes = 64 * 1024;
  static constexpr unsigned kBundleCount = 16;

 private:
  struct Entry {
    BlockLease lease;
    std::size_t used = 0;
  };

  Buffers(Ring* ring, ReadMethod method, std::uint16_t group);
  bool Register();
  // Receives over a socket pair, so that the method is known to work and not only to be accepted.
  absl::Status Try();
  // Puts a fresh block in; without memory the place stays empty until the next try.
  void Provide(std::uint16_t id);
  Slice Piece(std::uint16_t id, std::size_t bytes);

  Ring& ring_;
  const ReadMethod method_;
  const std::uint16_t group_;
  const unsigned count_;
  std::shared_ptr<SlabPool> pool_;
  io_uring_buf_ring* shared_ = nullptr;  // with the kernel
  std::size_t shared_bytes_ = 0;
  std::vector<Entry> entries_;
  RingQueue<std::uint16_t> order_;   // bundles: as the kernel will use them
  std::vector<std::uint16_t> gaps_;  // places without a block
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_BUFFERS_H_
