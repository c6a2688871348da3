#ifndef MONOCOQUE_PROTOCOL_DRIVE_SLOT_MAP_H_
#define MONOCOQUE_PROTOCOL_DRIVE_SLOT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace monocoque {

// Owns things by id: constant time to add, find and erase, and no id is ever given twice. An id is
// a serial number and the slot where the thing lives; the serial grows with each addition, so that
// the id of something gone finds nothing, even when its slot is in use again.
//
// Thread-compatible. Invariant: every value in an occupied slot carries the id it was given.
template <typename IdT, typename T, int kSlotBits = 24>
class SlotMap {
 public:
  // The id for the next Insert.
  IdT NextId() const {
    const std::size_t slot = free_.empty() ? slots_.size() : free_.back();
    return IdT::FromValue(serial_ << kSlotBits | slot);
  }
  // Null if all slots (16 millions by default) are taken: the id meant for it names nothing then.
  T* Insert(std::unique_ptr<T> value) {
    if (free_.empty() && slots_.size() >= std::size_t{1} << kSlotBits) return nullptr;
    const IdT id = NextId();
    const std::size_t slot = SlotOf(id);
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      free_.pop_back();
    }
    ++serial_;
    ++size_;
    slots_[slot] = {id, std::move(value)};
    return slots_[slot].value.get();
  }
  T* Find(IdT id) const {
    const std::size_t slot = SlotOf(id);
    if (slot >= slots_.size() || slots_[slot].id != id) return nullptr;
    return slots_[slot].value.get();
  }
  // The thing, out of the map; null if the id names nothing.
  std::unique_ptr<T> Erase(IdT id) {
    const std::size_t slot = SlotOf(id);
    if (slot >= slots_.size() || slots_[slot].id != id || !id) return nullptr;
    slots_[slot].id = IdT();
    free_.push_back(slot);
    --size_;
    return std::move(slots_[slot].value);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Calls `visit(T*)` for all that is there, in the order of slots. The map must not change
  // meanwhile.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.id) visit(slot.value.get());
    }
  }
  // Ids of all that is there, in the order of slots: a copy, so that a caller may erase while it
  // walks.
  std::vector<IdT> Ids() const {
    std::vector<IdT> ids;
    ids.reserve(size_);
    for (const Slot& slot : slots_) {
      if (slot.id) ids.push_back(slot.id);
    }
    return ids;
  }

 private:
  struct Slot {
    IdT id;
    std::unique_ptr<T> value;
  };

  static std::size_t SlotOf(IdT id) {
    return static_cast<std::size_t>(id.value() & ((std::uint64_t{1} << kSlotBits) - 1));
  }

  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
  std::uint64_t serial_ = 1;
  std::size_t size_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_SLOT_MAP_H_
