#ifndef MONOCOQUE_ALLOC_PAYLOAD_H_
#define MONOCOQUE_ALLOC_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "alloc/block.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"

namespace monocoque {

// The storage of a message: up to kInlineBytes octets inside, a share of a block, or a look at
// memory that somebody else keeps (borrowed); and behind them an attribute of up to 255 octets,
// inside where it fits, else in a block. Plus a byte and a number that the owner may use as it
// likes. 96 bytes in all; moving never allocates.
//
// Copying octets of a received frame uses moves of a fixed size where the source can be read that
// far: cheaper than a reference, and it pins nothing.
//
// Thread-compatible, as a std::string.
class Payload {
 public:
  static constexpr std::size_t kInlineBytes = 80;
  static constexpr std::size_t kMaxAttributeBytes = 255;
  // An attribute up to this size lies inside whatever the octets are, once they are shared.
  static constexpr std::size_t kBesideShareBytes = 56;

  Payload() : size_(0), kind_(kInline), attribute_size_(0), attribute_shared_(false) {}
  Payload(const Payload& other);
  Payload(Payload&& other) noexcept { StealFrom(other); }
  Payload& operator=(const Payload& other) {
    if (this != &other) *this = Payload(other);
    return *this;
  }
  Payload& operator=(Payload&& other) noexcept {
    if (this != &other) {
      Clear();
      StealFrom(other);
    }
    return *this;
  }
  ~Payload() { Clear(); }

  Bytes bytes() const {
    return kind_ == kInline ? Bytes(u_.octets, size_) : Bytes(u_.shared.data, u_.shared.size);
  }
  std::size_t size() const { return kind_ == kInline ? size_ : u_.shared.size; }
  bool is_inline() const { return kind_ == kInline; }
  bool borrowed() const { return kind_ == kBorrowed; }
  // The octets as a slice: shared if they are in a block, else copied (short if memory is out).
  Slice ToSlice() const;

  // Drops octets and attribute. The owner's tag and number stay.
  void Clear() {
    if (kind_ == kShared) [[unlikely]]
      u_.shared.block->Unref();
    if (attribute_shared_) [[unlikely]]
      AttributeRef().block->Unref();
    kind_ = kInline;
    size_ = 0;
    attribute_size_ = 0;
    attribute_shared_ = false;
  }

  // Each Assign replaces the octets and drops the attribute.
  //
  // `size` <= kInlineBytes octets at `data`, from where `readable` octets may be read.
  void AssignInline(const std::uint8_t* data, std::size_t size, std::size_t readable) {
    Clear();
    if (readable >= kInlineBytes) [[likely]] {
      std::memcpy(u_.octets, data, kInlineBytes);
    } else if (size > 0) {
      std::memcpy(u_.octets, data, size);
    }
    size_ = static_cast<std::uint8_t>(size);
  }
  //
  // Shares the slice's memory; up to `inline_max` octets (at most kInlineBytes) are copied inside
  // instead, so that they keep no block alive.
  void AssignSlice(Slice slice, std::size_t inline_max = kInlineBytes);
  // Copies; false if memory is out (then the payload is empty).
  bool AssignCopy(Bytes bytes);
  // More than kInlineBytes octets are only looked at, where they lie: they must stay there as they
  // are until the payload is changed, owns them or dies. A copy of it owns (or is empty, if memory
  // is out); what it is moved to borrows.
  void AssignBorrowed(Bytes bytes);
  // What is borrowed is copied into a block; false if memory is out, and nothing changes.
  bool Own();

  // Keeps the octets from `offset` on; at most size().
  void RemovePrefix(std::size_t offset);
  // Octets that keep a charged block alive are copied into one that is charged to nobody; if memory
  // is out they stay where they are.
  void Unpin();
  // Copies shared octets inside, if they fit there beside the attribute: they keep no block alive
  // then.
  void TakeInside();

  Bytes attribute() const {
    if (attribute_shared_) return {AttributeRef().data, attribute_size_};
    return {u_.octets + kInlineBytes - attribute_size_, attribute_size_};
  }
  // At most kMaxAttributeBytes. Sharing costs no copy: an inline slice or a small one is copied
  // inside where it fits. False if memory is out or it is too long.
  bool SetAttribute(const Slice& slice);
  bool SetAttribute(Bytes bytes);

  // The owner's, kept by every Assign and by Clear, copied and moved along.
  std::uint64_t number() const { return number_; }
  void set_number(std::uint64_t number) { number_ = number; }
  std::uint8_t tag() const { return tag_; }
  void set_tag(std::uint8_t tag) { tag_ = tag; }

 private:
  enum Kind : std::uint8_t { kInline, kShared, kBorrowed };

  struct Shared {
    Block* block;  // null: borrowed
    const std::uint8_t* data;
    std::size_t size;
  };
  struct Attribute {
    Block* block;
    const std::uint8_t* data;
  };
  static_assert(kBesideShareBytes + sizeof(Shared) == kInlineBytes);
  static constexpr std::size_t kAttributeAt = kInlineBytes - sizeof(Attribute);

  void StealFrom(Payload& other) {
    std::memcpy(static_cast<void*>(this), static_cast<const void*>(&other), sizeof(Payload));
    other.kind_ = kInline;
    other.size_ = 0;
    other.attribute_size_ = 0;
    other.attribute_shared_ = false;
  }
  Attribute AttributeRef() const {
    Attribute ref;
    std::memcpy(&ref, u_.octets + kAttributeAt, sizeof(ref));
    return ref;
  }
  // Octets of the inside that the payload's own content takes.
  std::size_t used_inside() const { return kind_ == kInline ? size_ : sizeof(Shared); }
  // Makes `room` octets free at the inside's end, moving inline content into a block if it must.
  bool MakeRoom(std::size_t room);
  void DropAttribute();

  union Inside {
    std::uint8_t octets[kInlineBytes];
    Shared shared;
  } u_;
  std::uint64_t number_ = 0;
  std::uint8_t size_;
  Kind kind_;
  std::uint8_t attribute_size_;
  bool attribute_shared_;
  std::uint8_t tag_ = 0;
};

static_assert(sizeof(Payload) == 96);

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_PAYLOAD_H_
