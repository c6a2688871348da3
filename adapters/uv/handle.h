#ifndef MONOCOQUE_ADAPTERS_UV_HANDLE_H_
#define MONOCOQUE_ADAPTERS_UV_HANDLE_H_

#include <uv.h>

#include <utility>

namespace monocoque::uv {

// A handle of libuv that is closed when this dies, and freed when libuv has let go of it: at the
// end of the loop's iteration. `owner` is what callbacks find in handle->data; none comes any more
// once it is closed.
template <typename T>
class Handle {
 public:
  Handle() = default;
  explicit Handle(void* owner) : held_(new Held) { held_->self.data = owner; }
  Handle(Handle&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Handle() { Close(); }

  explicit operator bool() const { return held_ != nullptr; }
  T* get() { return &held_->self; }
  // It does not keep the loop running.
  void Unref() { uv_unref(&held_->base); }

  void Close() {
    if (held_ == nullptr) return;
    Held* const held = std::exchange(held_, nullptr);
    held->base.data = held;
    uv_close(&held->base, [](uv_handle_t* closed) { delete static_cast<Held*>(closed->data); });
  }
  // Frees what libuv refused to initialise.
  void Discard() { delete std::exchange(held_, nullptr); }

 private:
  // Every handle begins with the fields of the base.
  union Held {
    T self{};
    uv_handle_t base;
  };

  Held* held_ = nullptr;
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_HANDLE_H_
