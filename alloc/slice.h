#ifndef MONOCOQUE_ALLOC_SLICE_H_
#define MONOCOQUE_ALLOC_SLICE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/base/attributes.h"
#include "alloc/block.h"
#include "alloc/bytes.h"

namespace monocoque {

// Immutable octets and what keeps them alive: one reference of a block, or, up to kInlineBytes, the
// octets themselves. Copying costs one atomic increment at most; a moved-from slice is empty.
//
// Thread rule: as a std::string; the memory behind copies of one slice may die on any thread.
class Slice {
 public:
  static constexpr std::size_t kInlineBytes = 16;

  Slice() = default;
  // Shares: the octets must lie in `block`, of which one reference is taken over.
  Slice(BlockPtr block, const std::uint8_t* data, std::size_t size)
      : block_(block.release()), size_(size) {
    u_.data = data;
  }
  Slice(const Slice& other) : block_(other.block_), size_(other.size_), u_(other.u_) {
    if (block_ != nullptr) block_->Ref();
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        u_(other.u_) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
    std::swap(u_, other.u_);
    return *this;
  }
  ~Slice() {
    if (block_ != nullptr) block_->Unref();
  }

  // A copy in memory of its own, charged to `budget` if there is one; inline if it is small. Empty
  // if memory is out: compare sizes where that matters.
  static Slice Copy(Bytes bytes, Budget* budget = nullptr);
  static Slice Copy(std::string_view text) { return Copy(AsBytes(text)); }

  // The user's own memory, sent without a copy: `release(arg)` runs once, on any thread, when
  // nobody looks at the octets any more; also when they are few and were copied inline, then at
  // once.
  static Slice Adopt(const void* data, std::size_t size, void (*release)(void* arg), void* arg);
  // The same where the memory itself is what is released: Adopt(p, size, std::free).
  static Slice Adopt(void* data, std::size_t size, void (*release)(void* data)) {
    return Adopt(data, size, release, data);
  }

  const std::uint8_t* data() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return block_ != nullptr ? u_.data : u_.octets;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Bytes bytes() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return {data(), size_}; }
  std::string_view text() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return AsText(bytes()); }

  // The block that is kept alive; null if the octets are inline.
  Block* block() const { return block_; }

  // Gives the block's reference to the caller, who owes an Unref; null if the octets are inline.
  // The slice is empty then.
  Block* release() {
    size_ = 0;
    return std::exchange(block_, nullptr);
  }

  // Part of this slice, sharing its memory. Out-of-range positions are cut to what is there.
  Slice Sub(std::size_t offset, std::size_t count) const;
  void RemovePrefix(std::size_t count);

  friend bool operator==(const Slice& a, const Slice& b) { return a.text() == b.text(); }

 private:
  Block* block_ = nullptr;
  std::size_t size_ = 0;
  union Octets {
    const std::uint8_t* data;
    std::uint8_t octets[kInlineBytes];
  } u_ = {nullptr};
};

static_assert(sizeof(Slice) == 32);

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_SLICE_H_
