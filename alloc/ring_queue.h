#ifndef MONOCOQUE_ALLOC_RING_QUEUE_H_
#define MONOCOQUE_ALLOC_RING_QUEUE_H_

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace monocoque {

// First in, first out, in one growing ring: no allocation once it has reached its size, none while
// it is empty from the start. clear() keeps the memory, Shrink() gives it back if nothing is
// queued, and Rest() only if it was of little use for a while.
//
// Thread-compatible. Invariant: size() <= capacity(), a power of two or 0.
template <typename T>
class RingQueue {
 public:
  RingQueue() = default;
  RingQueue(RingQueue&& other) noexcept
      : items_(std::exchange(other.items_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        head_(std::exchange(other.head_, 0)),
        size_(std::exchange(other.size_, 0)),
        peak_(std::exchange(other.peak_, 0)) {}
  RingQueue& operator=(RingQueue&& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
    std::swap(peak_, other.peak_);
    return *this;
  }
  ~RingQueue() {
    clear();
    Deallocate();
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

  T& front() { return items_[head_]; }
  const T& front() const { return items_[head_]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }
  // Counted from the front.
  T& operator[](std::size_t index) { return items_[(head_ + index) & (capacity_ - 1)]; }
  const T& operator[](std::size_t index) const { return items_[(head_ + index) & (capacity_ - 1)]; }

  template <typename... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) Grow();
    T* at = items_ + ((head_ + size_) & (capacity_ - 1));
    ::new (static_cast<void*>(at)) T(std::forward<Args>(args)...);
    if (++size_ > peak_) peak_ = size_;
    return *at;
  }
  void push_back(T value) { emplace_back(std::move(value)); }
  void push_front(T value) {
    if (size_ == capacity_) Grow();
    head_ = (head_ - 1) & (capacity_ - 1);
    ::new (static_cast<void*>(items_ + head_)) T(std::move(value));
    if (++size_ > peak_) peak_ = size_;
  }
  void pop_front() {
    items_[head_].~T();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  // The front, moved out.
  T take_front() {
    T value = std::move(items_[head_]);
    pop_front();
    return value;
  }
  void clear() {
    while (size_ > 0) pop_front();
    head_ = 0;
  }
  // Gives the memory back if the queue is empty.
  void Shrink() {
    if (size_ > 0) return;
    Deallocate();
    items_ = nullptr;
    capacity_ = head_ = peak_ = 0;
  }
  // To be called whenever the queue has run empty: keeps the memory for the next time, as long as
  // at least an eighth of it was used in the last ten times or so.
  void Rest() {
    if (size_ > 0) return;
    if (peak_ < capacity_ / 8) Shrink();
    peak_ -= (peak_ + 7) / 8;
  }

 private:
  static constexpr std::align_val_t kAlign{alignof(T)};

  void Deallocate() {
    if (items_ != nullptr) ::operator delete(static_cast<void*>(items_), kAlign);
  }

  void Grow() {
    const std::size_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    T* items = static_cast<T*>(::operator new(capacity * sizeof(T), kAlign));
    for (std::size_t i = 0; i < size_; ++i) {
      T& from = (*this)[i];
      ::new (static_cast<void*>(items + i)) T(std::move(from));
      from.~T();
    }
    Deallocate();
    items_ = items;
    capacity_ = capacity;
    head_ = 0;
  }

  T* items_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::size_t peak_ = 0;  // the largest size lately
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_RING_QUEUE_H_
