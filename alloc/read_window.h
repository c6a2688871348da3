#ifndef MONOCOQUE_ALLOC_READ_WINDOW_H_
#define MONOCOQUE_ALLOC_READ_WINDOW_H_

#include <cstddef>
#include <utility>

#include "alloc/block.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"

namespace monocoque {

// Memory that a transport reads into. It owns its block: it may outlive the connection that gave it
// and is then simply dropped. Movable, not copyable: one reader at a time.
class ReadWindow {
 public:
  ReadWindow() = default;
  // `size` octets of `block` from `offset` on; nobody else writes there while the window is out.
  ReadWindow(BlockPtr block, std::size_t offset, std::size_t size)
      : block_(std::move(block)), offset_(offset), size_(size) {}
  ReadWindow(ReadWindow&&) noexcept = default;
  ReadWindow& operator=(ReadWindow&&) noexcept = default;
  ReadWindow(const ReadWindow&) = delete;
  ReadWindow& operator=(const ReadWindow&) = delete;

  // Where to read to; never empty in a window that PrepareRead gave.
  MutableBytes span() const {
    return block_ ? MutableBytes(block_->data() + offset_, size_) : MutableBytes();
  }
  explicit operator bool() const { return static_cast<bool>(block_); }
  const Block* block() const { return block_.get(); }
  std::size_t offset() const { return offset_; }

  // The first `bytes` octets, now filled, as a slice; the rest of the window is given up.
  Slice Commit(std::size_t bytes) && {
    const std::uint8_t* data = block_->data() + offset_;
    return Slice(std::move(block_), data, bytes < size_ ? bytes : size_);
  }

 private:
  BlockPtr block_;
  std::size_t offset_ = 0;
  std::size_t size_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_READ_WINDOW_H_
