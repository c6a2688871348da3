#include "alloc/block.h"

#include <new>

namespace monocoque {
namespace {

// The header and its octets come from one allocation. No stricter alignment than the allocator's
// own, which is much the fastest for small sizes.
constexpr std::size_t kHeaderBytes = (sizeof(Block) + 15) / 16 * 16;

}  // namespace

void Block::Discharge() {
  if (budget_ == nullptr) return;
  budget_->Release(static_cast<std::int64_t>(capacity_));
  std::exchange(budget_, nullptr)->Unref();
}

void Block::ChargeTo(Budget* budget) {
  budget->Charge(static_cast<std::int64_t>(capacity_));
  budget->Ref();
  budget_ = budget;
}

void Block::Released() {
  Discharge();
  release_(this, arg_);
}

BlockPtr Block::Allocate(std::size_t capacity, Budget* budget) {
  // Asked before memory is taken: a size that a peer chose must not reach the allocator first.
  if (budget != nullptr && !budget->TryCharge(static_cast<std::int64_t>(capacity))) {
    return BlockPtr();
  }
  void* memory = ::operator new(kHeaderBytes + capacity, std::nothrow);
  if (memory == nullptr) {
    if (budget != nullptr) budget->Release(static_cast<std::int64_t>(capacity));
    return BlockPtr();
  }
  auto* octets = static_cast<std::uint8_t*>(memory) + kHeaderBytes;
  auto* block = new (memory) Block(
      octets, capacity,
      [](Block* self, void*) {
        self->~Block();
        ::operator delete(self);
      },
      nullptr);
  if (budget != nullptr) {
    budget->Ref();
    block->budget_ = budget;
  }
  return BlockPtr(block);
}

BlockPtr Block::Adopt(std::uint8_t* data, std::size_t capacity, void (*release)(void* arg),
                      void* arg) {
  auto* block = new (std::nothrow) Block(
      data, capacity,
      [](Block* self, void* owner) {
        auto* hook = self->hook_;
        delete self;
        if (hook != nullptr) hook(owner);
      },
      arg);
  if (block == nullptr) return BlockPtr();
  block->hook_ = release;
  return BlockPtr(block);
}

}  // namespace monocoque
